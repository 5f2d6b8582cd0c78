/** Asks before what cannot be undone. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { texts } from '../texts.ts'

interface Question {
  readonly title: string
  readonly message: string
  /** The word on the button. */
  readonly action: string
  run(): unknown
}

/** The function that asks, and the dialog, to be put somewhere on the page. */
export function useConfirm(): readonly [(question: Question) => void, ReactNode] {
  const [question, ask] = useState<Question | null>(null)
  const close = () => ask(null)
  const dialog = (
    <Modal opened={question !== null} onClose={close} title={question?.title} size="sm">
      <Stack>
        <Text size="sm">{question?.message}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={close} data-autofocus>
            {texts.common.cancel}
          </Button>
          <Button
            color="red"
            onClick={() => {
              close()
              void question?.run()
            }}
          >
            {question?.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
  return [ask, dialog]
}
