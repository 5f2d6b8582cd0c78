/** Below a list that comes in pages: the next one, or that there are more than are listed. */
import { Button, Center, Text } from '@mantine/core'
import type { Paged } from '../api/paged.ts'
import { fill, texts } from '../texts.ts'

export function More({ list: { data, hasNextPage, isFetchingNextPage, fetchNextPage } }: { readonly list: Paged }) {
  if (hasNextPage)
    return (
      <Center>
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {texts.common.more}
        </Button>
      </Center>
    )
  if (!data?.pages.at(-1)?.has_more) return null
  return (
    <Text size="sm" c="dimmed" ta="center">
      {fill(texts.common.onlyNewest, { n: data.pages.reduce((sum, page) => sum + page.data.length, 0) })}
    </Text>
  )
}
