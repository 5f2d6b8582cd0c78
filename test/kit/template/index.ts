/**
 * sample: draws its pictures itself, so that it serves at once. Where you have an upstream, ask it in `start` and
 * `status`; the docstrings of `flow2api/contracts` say what each method owes.
 */
import { createHash } from 'node:crypto'
import { crc32, deflateSync } from 'node:zlib'
import { domainFault, type Model, type Parameters, Provider } from 'flow2api/contracts'
import { definePlugin, err, type Fault, ok, okAsync, type Result, t } from 'flow2api/plugin'

type Size = readonly [width: number, height: number]

const SIZES: Readonly<Record<string, Size>> = { '1:1': [512, 512], '16:9': [768, 432], '9:16': [432, 768] }
const MODEL: Model = {
  id: 'sample-1',
  kind: 'image',
  description: 'Draws a gradient in the colour of the prompt.',
  accepts: {
    inputs: [],
    aspectRatios: Object.keys(SIZES),
    sizes: Object.values(SIZES).map(size => size.join('x')),
    resolutions: [],
    seconds: [],
  },
}

export default definePlugin({
  name: 'sample',
  version: '0.1.0',
  config: t.Object(
    { brightness: t.Number({ default: 1, minimum: 0, maximum: 1, description: 'How light the pictures are.' }) },
    { additionalProperties: false },
  ),
  provides: [Provider],
  setup(ctx) {
    ctx.provide(Provider, {
      models: () => [MODEL],
      accounts: () => undefined,
      polling: () => ({ intervalMs: 1000, maxAttempts: 60 }),
      plan: (model, parameters) => sizeOf(parameters).map(size => ({ model, requested: { size: size.join('x') } })),
      start: ({ prompt, parameters }) =>
        sizeOf(parameters).asyncMap(async size => ({
          state: 'done' as const,
          media: [{ mime: 'image/png', bytes: draw(prompt, size, ctx.config.brightness) }],
        })),
      // Nothing runs on: `start` has the picture at once.
      status: () => okAsync([]),
      cancel: () => okAsync(undefined),
    })
  },
})

/** The ratio that was asked for; of a size, the one that is nearest. */
function sizeOf({ aspectRatio, size }: Parameters): Result<Size, Fault> {
  const [width = 1, height = 1] = size?.split('x').map(Number) ?? []
  const wanted = aspectRatio ?? (width === height ? '1:1' : width > height ? '16:9' : '9:16')
  const found = SIZES[wanted]
  if (found) return ok(found)
  const message = `sample draws ${Object.keys(SIZES).join(', ')}, not ${wanted}.`
  return err(domainFault('invalid_value', message, { param: 'aspect_ratio' }))
}

function draw(prompt: string, [width, height]: Size, brightness: number): Uint8Array {
  const colour = createHash('sha256').update(prompt).digest()
  // One byte before each row says that nothing was filtered.
  const rows = new Uint8Array((width * 3 + 1) * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let part = 0; part < 3; part++)
        rows[y * (width * 3 + 1) + 1 + x * 3 + part] = ((colour[part] ?? 0) * brightness * (x + y)) / (width + height)
  return png(width, height, rows)
}

function png(width: number, height: number, rows: Uint8Array): Uint8Array {
  const uint32 = (value: number) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    return Buffer.concat([uint32(data.length), body, uint32(crc32(body))])
  }
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10)
  const header = Buffer.concat([uint32(width), uint32(height), Uint8Array.of(8, 2, 0, 0, 0)])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.of())])
}
