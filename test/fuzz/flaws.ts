/** Values that an endpoint has to refuse, each in a request that is right otherwise: with a model that would be paid. */
import fc from 'fast-check'

const PIXEL_PNG = (width: number, height: number) =>
  `\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR${u32(width)}${u32(height)}\x08\x02\x00\x00\x00\x00\x00\x00\x00`
function u32(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255)
}
const base64 = (latin1: string) => Buffer.from(latin1, 'latin1').toString('base64')
const dataUrl = (latin1: string) => `data:image/png;base64,${base64(latin1)}`

/** A picture that is one. */
export const PICTURE = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAUElEQVR42mP4QGMwasGoBXSy4I6GBi5EBQvwmE6MHfgsIGg0MdYMnAUkmY7HDuwWkGE6LjtGLRi1YNSCAcvJw6Kwo0d9QKcabbRVMWoBIQAAUxxMJGnoP/8AAAAASUVORK5CYII=',
  'base64',
).toString('latin1')

const notText = [7, true, [], ['a'], {}, { a: 1 }]
const notFlag = ['yes', 3, [], {}]
/** Neither files nor anything that leads to one. */
const notPictures = [
  7,
  true,
  {},
  'not base64!',
  { file_id: 'file-1' },
  { image_url: 7 },
  { image_url: 'ftp://x/y.png' },
  { image_url: 'http://127.0.0.1:1/x.png' },
  { image_url: 'http://169.254.169.254/latest/meta-data' },
  { image_url: 'file:///etc/passwd' },
  { image_url: dataUrl('<svg/>') },
  { image_url: dataUrl('\x89PNG\r\n\x1a\n') },
  { image_url: dataUrl(PIXEL_PNG(60_000, 60_000)) },
  Array(17).fill({ image_url: dataUrl(PICTURE) }),
]

type Flaws = Readonly<Record<string, readonly unknown[]>>

const common: Flaws = {
  model: [7, [], {}, true, 'no-such-model', '../../etc/passwd', '__proto__', 'x'.repeat(200_000)],
  size: ['huge', 7, [], {}, '0x0', '-1x5', 'x'],
  aspect_ratio: ['wide', 7, [], '0:1'],
  resolution: ['9K', 7, []],
  seed: [1.5, 'x', -2, [], 1e300],
  allow_downgrade: notFlag,
  user: [7, [], 'u'.repeat(513)],
  callback_url: ['nope', 7, 'http://127.0.0.1/x', 'file:///etc/passwd'],
}
const prompt: Flaws = { prompt: [...notText, '', '  ', null, 'x'.repeat(32_001)] }
const images: Flaws = {
  ...common,
  n: [0, 11, -1, 1.5, 'two', [], {}, true, 1e300],
  quality: ['best', 5, []],
  response_format: ['base64', 7, []],
  output_format: ['bmp', 7, {}],
  output_compression: [101, -1, 'x'],
  partial_images: [4, -1, 0.5],
  background: ['blue', 7],
  stream: notFlag,
}
const seconds = [0, -1, 'soon', [], {}]
const unknownVideo = [undefined, null, 7, [], {}, 'video_0', { id: 'video_0123456789abcdef' }, { id: 7 }, 'data:x']

interface Endpoint {
  /** Right, and dear. */
  readonly valid: Readonly<Record<string, unknown>>
  readonly flaws: Flaws
}

const message = (content: unknown, role = 'user') => ({ role, content })

const BY_PATH: Readonly<Record<string, Endpoint>> = {
  '/images/generations': { valid: { prompt: 'a fox' }, flaws: { ...prompt, ...images, input_references: notPictures } },
  '/images/edits': {
    valid: { prompt: 'a fox', image: dataUrl(PICTURE) },
    flaws: {
      ...prompt,
      ...images,
      image: [undefined, ...notPictures],
      mask: ['x', {}],
      markup: ['x'],
    },
  },
  '/images/variations': {
    valid: { image: dataUrl(PICTURE) },
    flaws: { ...images, prompt: [...notText, 'x'.repeat(32_001)], image: [undefined, ...notPictures] },
  },
  '/videos': {
    valid: { prompt: 'a fox', model: 'sora-2' },
    flaws: { ...prompt, ...common, seconds, input_reference: notPictures },
  },
  // Without a video of that kind nothing of them is right; that they do not break is what is left to see.
  '/videos/edits': { valid: { prompt: 'a fox' }, flaws: { ...prompt, video: unknownVideo } },
  '/videos/extensions': { valid: { prompt: 'a fox' }, flaws: { ...prompt, seconds, video: unknownVideo } },
  '/videos/{id}/remix': { valid: { prompt: 'a fox' }, flaws: { ...prompt, model: notText } },
  '/chat/completions': {
    valid: { model: 'gpt-image-1', messages: [message('a fox')] },
    flaws: {
      ...common,
      n: images['n'] ?? [],
      stream: notFlag,
      messages: [
        undefined,
        null,
        7,
        'a fox',
        {},
        [],
        [7],
        [null],
        [{}],
        [message(7)],
        [message('')],
        [message([])],
        [message([{ type: 'text' }])],
        [message('only me', 'system')],
        [message('x'.repeat(32_001))],
        [
          message([
            { type: 'text', text: 'x' },
            { type: 'video_url', video_url: { url: 'http://x/' } },
          ]),
        ],
        ...notPictures
          .filter(picture => !Array.isArray(picture))
          .map(image_url => [
            message([
              { type: 'text', text: 'x' },
              { type: 'image_url', image_url },
            ]),
          ]),
      ],
    },
  },
}

/** With paths below `/v1`. */
export const ENDPOINTS: readonly (readonly [path: string, endpoint: Endpoint])[] = [
  ...Object.entries(BY_PATH),
  [
    '/images/edits',
    { valid: { prompt: 'a fox', images: [{ image_url: dataUrl(PICTURE) }] }, flaws: { images: notPictures } },
  ],
]

/** Mistakes of a form, in which every number is text. */
export const FORM_FLAWS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  '/images/generations': {
    prompt: ['', '  ', 'null'],
    n: ['0', '11', '1.5', 'two', '1e3'],
    stream: ['yes', '1'],
    size: ['huge'],
    quality: ['best'],
  },
  '/videos': { prompt: ['', 'null'], seconds: ['0', '-4', 'soon', 'Infinity'], input_reference: ['not base64!', '{}'] },
}

/** Files that are no pictures. */
export const BAD_FILES: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '',
    'GIF8',
    '\x89PNG\r\n\x1a\n',
    '\xff\xd8\xff',
    'RIFF\x00\x00\x00\x00WEBP',
    PIXEL_PNG(60_000, 60_000),
    PIXEL_PNG(0, 0),
  ),
  fc.uint8Array({ maxLength: 200 }).map(bytes => String.fromCharCode(...bytes)),
  // Up to where its size would stand.
  fc.nat({ max: 23 }).map(length => PICTURE.slice(0, length)),
)
