/** A page whose plugin is switched off, or not there: says which, and offers to switch it on. */
import { Button, Code, Text } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ApiError, api, own } from '../api/client.ts'
import { usePlugins } from '../api/plugins.ts'
import { fill, texts } from '../texts.ts'
import { Empty } from './empty.tsx'
import { Problem } from './problem.tsx'

/** The gateway has no such route: 404, or 405 where another route has the same shape of path. */
export const isMissing = (error: unknown): boolean =>
  error instanceof ApiError && (error.status === 404 || error.status === 405)

export function Missing({ plugin }: { readonly plugin: string }) {
  const client = useQueryClient()
  const plugins = usePlugins()
  const enable = useMutation({
    mutationFn: () => own(api.plugins({ id: plugin }).enable.post()),
    onSuccess: () => client.invalidateQueries(),
  })
  const known = plugins.data?.find(({ id }) => id === plugin)
  return (
    <Empty
      icon={IconPlugConnectedX}
      title={fill(texts.missing.title, { plugin })}
      hint={fill(known ? texts.missing.off : texts.missing.absent, { plugin })}
    >
      {known?.state === 'disabled' && (
        <Button loading={enable.isPending} onClick={() => enable.mutate()}>
          {fill(texts.missing.enable, { plugin })}
        </Button>
      )}
      {known?.error && <Text size="sm">{known.error}</Text>}
      {!known && <Code>{`${plugin} = true`}</Code>}
      {enable.isError && <Problem error={enable.error} />}
    </Empty>
  )
}
