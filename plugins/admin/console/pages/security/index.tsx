/** The operator's own sign-in: sessions and the password. */
import { Stack } from '@mantine/core'
import { Page } from '../../parts/page.tsx'
import { texts } from '../../texts.ts'
import { Password } from './password.tsx'
import { Sessions } from './sessions.tsx'

export default function Security() {
  return (
    <Page title={texts.security.title} hint={texts.security.hint}>
      <Stack gap="xl">
        <Sessions />
        <Password />
      </Stack>
    </Page>
  )
}
