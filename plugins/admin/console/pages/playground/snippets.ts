/** The request of the playground as a program would send it. Pure. */
import type { PlayBody } from '../../../playground.ts'

export type Language = 'curl' | 'python' | 'typescript'

interface Wanted {
  readonly body: PlayBody
  /** Names of the files that were chosen, in order. */
  readonly files: readonly string[]
  readonly origin: string
}

/** Parameters of OpenAI's API, and those that are our own: the official clients take the latter as extras. */
function parametersOf({ kind, count, seconds, size, aspect_ratio, resolution, seed, allow_downgrade }: PlayBody) {
  const defined = (all: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(
      Object.entries(all).filter(([, value]) => value !== undefined && value !== false && value !== ''),
    )
  return {
    standard: defined({
      n: kind === 'image' && count !== 1 ? count : undefined,
      size,
      seconds: seconds === undefined ? undefined : String(seconds),
    }),
    extra: defined({ aspect_ratio, resolution, seed, allow_downgrade }),
  }
}

const base = ({ model, prompt }: PlayBody) => ({ ...(model !== '' && { model }), prompt })

/** The video that is extended, by its id. */
const sourceOf = ({ inputs = [] }: PlayBody): string | undefined =>
  inputs.find(({ role }) => role === 'source_video')?.job?.replace(/^job_/, 'video_')

function endpointOf(body: PlayBody, files: readonly string[]): string {
  if (body.kind === 'video') return sourceOf(body) === undefined ? 'videos' : 'videos/extensions'
  return files.length > 0 ? 'images/edits' : 'images/generations'
}

const shell = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

function curl({ body, files, origin }: Wanted): string {
  const { standard, extra } = parametersOf(body)
  const source = sourceOf(body)
  const fields = {
    ...base(body),
    ...standard,
    ...extra,
    ...(source !== undefined && { video: { id: source } }),
    ...(body.kind === 'image' && { response_format: 'url' }),
  }
  const head = [`curl ${origin}/v1/${endpointOf(body, files)}`, '  -H "Authorization: Bearer $FLOW2API_API_KEY"']
  const file = body.kind === 'image' ? 'image[]' : 'input_reference'
  const rest =
    files.length === 0
      ? [`  -H 'Content-Type: application/json'`, `  -d ${shell(JSON.stringify(fields))}`]
      : [
          ...Object.entries(fields).map(([name, value]) => `  -F ${shell(`${name}=${value}`)}`),
          ...files.map(name => `  -F ${shell(`${file}=@${name}`)}`),
        ]
  const call = [...head, ...rest].join(' \\\n')
  if (body.kind === 'image') return call
  return `${call}

# Ask until it is completed, then download it:
curl ${origin}/v1/videos/VIDEO_ID -H "Authorization: Bearer $FLOW2API_API_KEY"
curl ${origin}/v1/videos/VIDEO_ID/content -H "Authorization: Bearer $FLOW2API_API_KEY" -o video.mp4`
}

const python = (value: unknown): string => (value === true ? 'True' : value === false ? 'False' : JSON.stringify(value))

function pythonCall({ body, files, origin }: Wanted): string {
  const { standard, extra } = parametersOf(body)
  const source = sourceOf(body)
  const opened = files.map(name => `open(${python(name)}, "rb")`)
  const fields = Object.entries({ ...base(body), ...standard }).map(([name, value]) => `    ${name}=${python(value)},`)
  const extras = Object.entries(extra)
  if (extras.length > 0)
    fields.push(`    extra_body={${extras.map(([name, value]) => `${python(name)}: ${python(value)}`).join(', ')}},`)
  const head = `from openai import OpenAI\n\nclient = OpenAI(base_url="${origin}/v1", api_key="YOUR_API_KEY")`
  if (body.kind === 'image') {
    const method = files.length > 0 ? 'edit' : 'generate'
    const image = files.length > 0 ? [`    image=[${opened.join(', ')}],`] : []
    return `${head}\nresult = client.images.${method}(\n${[...fields, ...image, '    response_format="url",'].join('\n')}\n)\nprint(result.data[0].url)`
  }
  const end = 'client.videos.download_content(video.id).write_to_file("video.mp4")'
  if (source !== undefined) {
    // The library's own `extend` takes a file alone, and no id.
    const entries = Object.entries({ video: { id: source }, ...base(body), ...standard, ...extra })
    const lines = entries.map(([name, value]) => `    ${python(name)}: ${python(value)},`)
    return `from openai.types import Video\n${head}\nvideo = client.post("/videos/extensions", cast_to=Video, body={\n${lines.join('\n')}\n})\nvideo = client.videos.poll(video.id)\n${end}`
  }
  const reference = files.length === 0 ? [] : [`    input_reference=${opened[0]},`]
  return `${head}\nvideo = client.videos.create_and_poll(\n${[...fields, ...reference].join('\n')}\n)\n${end}`
}

function typescriptCall({ body, files, origin }: Wanted): string {
  const { standard, extra } = parametersOf(body)
  const source = sourceOf(body)
  const fields = Object.entries({ ...base(body), ...standard }).map(
    ([name, value]) => `  ${name}: ${JSON.stringify(value)},`,
  )
  const extras = Object.entries(extra)
  // The client's types know OpenAI's parameters only, and it sends the others all the same.
  if (extras.length > 0)
    fields.push(
      `  ...({ ${extras.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')} } as object),`,
    )
  const streams = files.map(name => `createReadStream(${JSON.stringify(name)})`)
  const imports = files.length > 0 ? "import { createReadStream } from 'node:fs'\n" : ''
  const head = `${imports}import OpenAI from 'openai'\n\nconst client = new OpenAI({ baseURL: '${origin}/v1', apiKey: 'YOUR_API_KEY' })`
  if (body.kind === 'image') {
    const method = files.length > 0 ? 'edit' : 'generate'
    const image = files.length > 0 ? [`  image: [${streams.join(', ')}],`] : []
    return `${head}\nconst result = await client.images.${method}({\n${[...fields, ...image, "  response_format: 'url',"].join('\n')}\n})\nconsole.log(result.data?.[0]?.url)`
  }
  const rest = `while (video.status === 'queued' || video.status === 'in_progress') {\n  await new Promise(resolve => setTimeout(resolve, 5000))\n  video = await client.videos.retrieve(video.id)\n}\nconst file = await client.videos.downloadContent(video.id)`
  const extended = source === undefined ? [] : [`  video: { id: ${JSON.stringify(source)} },`]
  const reference = files.length === 0 ? [] : [`  input_reference: ${streams[0]},`]
  const method = source === undefined ? 'create' : 'extend'
  const lines = source === undefined ? fields : fields.filter(line => !line.startsWith('  model'))
  return `${head}\nlet video = await client.videos.${method}({\n${[...extended, ...lines, ...reference].join('\n')}\n})\n${rest}`
}

export const snippet = (language: Language, wanted: Wanted): string =>
  language === 'curl' ? curl(wanted) : language === 'python' ? pythonCall(wanted) : typescriptCall(wanted)
