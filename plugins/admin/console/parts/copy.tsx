import { ActionIcon, CopyButton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { texts } from '../texts.ts'

export const Copy = ({ text }: { readonly text: string }) => (
  <CopyButton value={text} timeout={2000}>
    {({ copied, copy }) => (
      <Tooltip label={copied ? texts.common.copied : texts.common.copy}>
        <ActionIcon
          variant="default"
          onClick={copy}
          aria-label={copied ? texts.common.copied : texts.common.copy}
          color={copied ? 'teal' : 'gray'}
        >
          {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
        </ActionIcon>
      </Tooltip>
    )}
  </CopyButton>
)
