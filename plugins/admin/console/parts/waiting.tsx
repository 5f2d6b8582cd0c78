import { Center, Loader, VisuallyHidden } from '@mantine/core'
import { texts } from '../texts.ts'

export const Waiting = () => (
  <Center mih={200} role="status">
    <Loader />
    <VisuallyHidden>{texts.common.loading}</VisuallyHidden>
  </Center>
)
