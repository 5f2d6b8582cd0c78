/** What was asked for against what was delivered. Pure. Nobody gets less without being told. */
import { domainFault, type Job, type KeptMedia } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import type { Ending, JobRecord, UnitMedia } from './records.ts'

type Requested = Job['requested']
type Measures = Pick<KeptMedia, 'width' | 'height' | 'duration_s'>

/** Models round sizes as they like; this much of the picture is still what was asked for. */
const LEAST_SHARE = 0.6
const MOST_SECONDS_SHORT = 1

/** Whether the media falls short in size or duration. What is not known does not. */
export function isLess(requested: Requested, { width, height, duration_s }: Measures): boolean {
  const pixels = pixelsOf(requested)
  if (pixels !== undefined && width !== null && height !== null && width * height < pixels * LEAST_SHARE) return true
  return requested.seconds !== undefined && duration_s !== null && duration_s < requested.seconds - MOST_SECONDS_SHORT
}

/** By the size; else by the least that the name of a resolution may mean. */
function pixelsOf({ size = '', resolution = '', aspectRatio = '' }: Requested): number | undefined {
  const [, across, down] = /^(\d+)x(\d+)$/i.exec(size) ?? []
  if (across !== undefined) return Number(across) * Number(down)
  const [, count, unit = ''] = /^(\d+)(p|k)$/i.exec(resolution) ?? []
  if (count === undefined) return undefined
  const [, x, y] = /^(\d+):(\d+)$/.exec(aspectRatio) ?? []
  const sides = [Number(x), Number(y)].filter(side => side > 0)
  const ratio = sides.length === 2 ? Math.max(...sides) / Math.min(...sides) : undefined
  // `p` counts the short side; `K` the long one, and 4K may mean 3840.
  return unit.toLowerCase() === 'p' ? Number(count) ** 2 * (ratio ?? 1) : (Number(count) * 960) ** 2 / (ratio ?? 16 / 9)
}

/** Of one piece, as far as it could be measured. */
export function deliveredOf(media: Measures | undefined): Job['delivered'] {
  if (!media) return null
  const { width, height, duration_s } = media
  return {
    ...(width !== null && height !== null && { size: `${width}x${height}` }),
    ...(duration_s !== null && { seconds: Math.round(duration_s * 1000) / 1000 }),
  }
}

/**
 * How a unit ends whose media is delivered. `why`: the fault of the further step without which this is all there is.
 * A step whose outcome is not known may have been paid: that is said whatever the caller puts up with.
 */
export function endingWith(
  media: readonly UnitMedia[],
  { requested, parameters }: Pick<JobRecord, 'requested' | 'parameters'>,
  why: Fault | null,
): Ending {
  if (why?.code === 'outcome_unknown') {
    const message = `${why.message} What was finished before that step is in \`media\` of the job.`
    return { state: 'outcome_unknown', media, fault: { ...why, message } }
  }
  const short = media.find(one => isLess(requested, one))
  const less = why !== null || short !== undefined
  if (!less || parameters.allowDowngrade) return { state: 'completed', media, fault: null }
  return { state: 'failed', media, fault: downgraded(requested, short ?? media[0], why) }
}

function downgraded(requested: Requested, media: Measures | undefined, why: Fault | null): Fault {
  const { size, resolution, seconds } = requested
  const picture = size !== undefined && resolution !== undefined ? `${resolution} (${size})` : (resolution ?? size)
  const delivered = deliveredOf(media)
  const reason = why?.message ?? 'The upstream delivered less than it had taken the work for.'
  return domainFault(
    'downgraded',
    `${words(picture, seconds, 'More')} was asked for, ${words(delivered?.size, delivered?.seconds, 'less')} was delivered: ${reason} It is in \`media\` of the job; a request with \`allow_downgrade\` accepts it.`,
    why ? { cause: why } : {},
  )
}

const words = (picture: string | undefined, seconds: number | undefined, otherwise: string): string =>
  [picture ?? [], seconds === undefined ? [] : `${seconds} s`].flat().join(' of ') || otherwise
