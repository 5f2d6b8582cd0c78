/** What the upstream's models are called here, and which size a request gets. Pure. */
import { domainFault, type Model, type Parameters, type Plan } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'

const PREFIX = 'relay-'
const SIZES: Readonly<Record<string, string>> = { '1:1': '1024x1024', '3:2': '1536x1024', '2:3': '1024x1536' }

export const modelOf = (name: string): Model => ({
  id: `${PREFIX}${name}`,
  kind: 'image',
  description: `${name} of the server behind [relay].`,
  accepts: {
    inputs: [{ role: 'reference', min: 0, max: 4 }],
    aspectRatios: Object.keys(SIZES),
    sizes: Object.values(SIZES),
    resolutions: [],
    seconds: [],
  },
})

/** What the upstream calls it. */
export const nameOf = (model: string): string => model.slice(PREFIX.length)

export const planned = (model: string, parameters: Parameters): Result<Plan, Fault> =>
  sizeOf(parameters).map(size => ({ model, requested: { size } }))

/** The size of a ratio; of any other size, that of its nearest ratio. */
export function sizeOf({ aspectRatio, size }: Parameters): Result<string, Fault> {
  const [width = 1, height = 1] = size?.split('x').map(Number) ?? []
  const ratio = aspectRatio ?? (width === height ? '1:1' : width > height ? '3:2' : '2:3')
  const found = SIZES[ratio]
  if (found !== undefined) return ok(found)
  const message = `There is no ${ratio}. The ratios are ${Object.keys(SIZES).join(', ')}.`
  return err(domainFault('invalid_value', message, { param: 'aspect_ratio' }))
}
