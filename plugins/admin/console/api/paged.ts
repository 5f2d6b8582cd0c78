/** Lists that come in pages, each after the last row of the one before. */

/** An open console does not collect pages without end: what is older is found by searching. */
const MOST_PAGES = 10

interface PageOf<Id> {
  readonly has_more?: boolean
  readonly data: readonly { readonly id: Id }[]
}

/** What an infinite query gives, as far as the foot of a list needs it. */
export interface Paged {
  readonly data: { readonly pages: readonly PageOf<unknown>[] } | undefined
  readonly hasNextPage: boolean
  readonly isFetchingNextPage: boolean
  fetchNextPage(): unknown
}

export const nextPage = <Id>(last: PageOf<Id>, all: readonly unknown[]): Id | undefined =>
  last.has_more && all.length < MOST_PAGES ? last.data.at(-1)?.id : undefined
