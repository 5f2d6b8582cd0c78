/**
 * What one unit of a model is expected to cost, in credits: as reported in August 2026 (PROTOCOL.md 2.9). Used to share
 * accounts out, never to bill: what Flow says is left is what counts.
 */
import type { CatalogueModel } from './catalogue.ts'

/** The first that fits the upstream's key. Ultra accounts pay less where they use the same key; the higher one is kept. */
const BY_KEY: readonly (readonly [key: RegExp, credits: number])[] = [
  [/_relaxed$/, 0],
  [/_ultra(_|$)/, 10],
  // By some reports twice as much.
  [/^abra_/, 12],
  [/_lite(_|$)/, 10],
  [/_fast(_|$)/, 20],
  // Of the older extension nobody has reported a price.
  [/_extend_/, Number.NaN],
  [/^veo_/, 100],
]

const UPSAMPLING: Readonly<Record<string, number>> = { '1080p': 0, '4K': 50 }

/** Undefined where it costs nothing, or where nobody knows. All steps together. */
export function priceOf({ kind, tier, requests, upsample }: CatalogueModel): number | undefined {
  if (kind === 'image') return undefined
  const keys = requests.flatMap(({ keyByTier }) => keyByTier[tier] ?? [])
  const prices = keys.map(key => BY_KEY.find(([pattern]) => pattern.test(key))?.[1] ?? Number.NaN)
  const price = Math.max(...prices) + (upsample ? (UPSAMPLING[upsample.resolution] ?? Number.NaN) : 0)
  return price > 0 && Number.isFinite(price) ? price : undefined
}
