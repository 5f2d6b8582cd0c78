/** What was delivered, in the words in which it was asked for. Pure. */

type Values = Readonly<Record<string, unknown>>

/** Models round sizes as they like; so much is no other shape. */
const MOST_OFF = 0.04
const THOUSANDS = [8, 4, 2, 1]
/** The least that `1K` may mean on the long side, as the gateway judges it. */
const LEAST_OF_A_THOUSAND = 960

/** With the shape and the resolution that the measured size amounts to, where those were asked for. */
export function inSameWords(requested: Values, delivered: Values): Values {
  const [, across, down] = /^(\d+)x(\d+)$/.exec(String(delivered['size'] ?? '')) ?? []
  if (across === undefined || down === undefined) return delivered
  const [width, height] = [Number(across), Number(down)]
  const [shape, resolution] = [requested['aspect_ratio'], requested['resolution']]
  return {
    ...(typeof shape === 'string' && { aspect_ratio: shapeOf(width, height, shape) }),
    ...(typeof resolution === 'string' && { resolution: resolutionOf(width, height, resolution) }),
    ...delivered,
  }
}

function shapeOf(width: number, height: number, asked: string): string {
  const [x = 0, y = 0] = asked.split(':').map(Number)
  const off = Math.abs((width * y) / (height * x) - 1)
  return off <= MOST_OFF ? asked : `${Math.round((width / height) * 100) / 100}:1`
}

function resolutionOf(width: number, height: number, asked: string): string {
  const thousand = THOUSANDS.find(count => Math.max(width, height) >= count * LEAST_OF_A_THOUSAND)
  const name = /k$/i.test(asked) && thousand !== undefined ? `${thousand}K` : `${Math.min(width, height)}p`
  return name.toLowerCase() === asked.toLowerCase() ? asked : name
}
