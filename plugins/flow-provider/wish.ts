/** What a request asks for, read out of the words in which people ask. Pure. */
import { domainFault, type MediaKind, type Parameters, type PlanInput } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { readRatio } from './aspects.ts'
import { resolutionRank } from './sizes.ts'

export interface Wish {
  /** Width divided by height: of `aspect_ratio`, else of `size`, else of the first input. */
  readonly ratio: number | undefined
  /** Of `aspect_ratio` alone, which is written on purpose. */
  readonly statedRatio: number | undefined
  /** Of `resolution`, else of `quality`. A rank (see `resolutionRank`). */
  readonly resolution: number | undefined
  /** Of `resolution` alone, which is written on purpose. */
  readonly statedResolution: number | undefined
  readonly seconds: number | undefined
}

export function readWish(
  { aspectRatio, size, resolution, seconds, quality }: Parameters,
  kind: MediaKind,
  inputs: readonly PlanInput[],
): Result<Wish, Fault> {
  const stated = chosen(aspectRatio)
  const statedRatio = stated === undefined ? undefined : readRatio(stated)
  if (stated !== undefined && statedRatio === undefined)
    return refuse('aspect_ratio', `\`aspect_ratio\` must be W:H such as "16:9"; found "${quoted(stated)}".`)
  const sized = chosen(size)
  const sizedRatio = sized === undefined ? undefined : readRatio(sized)
  if (sized !== undefined && sizedRatio === undefined && stated === undefined)
    return refuse('size', `\`size\` must be WIDTHxHEIGHT such as "1024x1024", or "auto"; found "${quoted(sized)}".`)
  const sharp = chosen(resolution)
  const statedResolution = sharp === undefined ? undefined : resolutionRank(sharp)
  if (sharp !== undefined && statedResolution === undefined)
    return refuse(
      'resolution',
      `\`resolution\` must be one of 1K, 2K, 4K, 720p, 1080p; found "${quoted(sharp)}". Leave it out for the default.`,
    )
  return ok({
    ratio: statedRatio ?? sizedRatio ?? ratioOfFirst(inputs),
    statedRatio,
    resolution: statedResolution ?? (kind === 'image' ? rankOfQuality(quality) : undefined),
    statedResolution,
    seconds,
  })
}

const refuse = (param: string, message: string) => err(domainFault('invalid_value', message, { param }))

/** The first picture or video whose size is known decides the shape where nothing else does (PROTOCOL.md 10.2). */
function ratioOfFirst(inputs: readonly PlanInput[]): number | undefined {
  for (const { width, height } of inputs)
    if (width !== undefined && height !== undefined && width > 0 && height > 0) return width / height
  return undefined
}

/** Words of the Images API; a resolution is taken as itself. Others say nothing about pixels (PROTOCOL.md 10.2). */
const QUALITIES: Readonly<Record<string, string>> = { medium: '2K', high: '4K', hd: '4K', ultra: '4K' }

function rankOfQuality(quality: string | undefined): number | undefined {
  const word = quality?.trim().toLowerCase() ?? ''
  return resolutionRank(Object.hasOwn(QUALITIES, word) ? (QUALITIES[word] ?? '') : word)
}

/** Absent, empty and `auto` all leave the choice to the model. */
const chosen = (written: string | undefined): string | undefined =>
  written === undefined || written.trim() === '' || written.trim().toLowerCase() === 'auto' ? undefined : written.trim()

export const quoted = (written: string): string => written.replace(/[^\x20-\x7e]/g, '?').slice(0, 60)
