/** What `bun run demo` prints once everything runs. */

export interface DemoFacts {
  readonly url: string
  readonly emulatorUrl: string
  /** Of the emulator. */
  readonly controlUrl: string
  readonly apiKey: string
  readonly adminPassword: string
  readonly imageModel: string
  readonly videoModel: string
}

/** For a POSIX shell, in single quotes. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

export function demoBlock({
  url,
  emulatorUrl,
  controlUrl,
  apiKey,
  adminPassword,
  imageModel,
  videoModel,
}: DemoFacts): string {
  const curl = "curl -sS -w '\\n'"
  const key = `-H ${quoted(`Authorization: Bearer ${apiKey}`)}`
  const post = (path: string, body: object) =>
    `${url}${path} ${key} -H 'Content-Type: application/json' -d ${quoted(JSON.stringify(body))}`
  const message = { role: 'user', content: 'A paper boat on a pond' }
  const heading = (text: string) => `── ${text} ${'─'.repeat(Math.max(3, 74 - text.length))}`
  return `
${heading('Flow2API demo')}
  base URL   ${url}/v1
  API key    ${apiKey}
  console    ${url}/admin, user admin, password ${adminPassword}
  API docs   ${url}/swagger
  upstream   ${emulatorUrl}   (emulated; images take seconds, videos some more)
  control    ${controlUrl}   (what goes wrong upstream: test/emulator/README.md)

${heading('Paste into another terminal')}
# What can be made
${curl} ${url}/v1/models ${key}

# An image, as a URL
${curl} ${post('/v1/images/generations', { model: imageModel, prompt: 'A lighthouse at dawn', response_format: 'url' })}

# The same through chat, with progress
${curl} -N ${post('/v1/chat/completions', { model: imageModel, stream: true, messages: [message] })}

# As Gemini's clients ask
${curl} ${url}/v1beta/models/${imageModel}:generateContent -H ${quoted(`x-goog-api-key: ${apiKey}`)} -d ${quoted(JSON.stringify({ contents: [{ parts: [{ text: 'A lighthouse at dawn' }] }] }))} | head -c 300; echo

# What goes wrong: the account's rate limit, once (another account takes over), then the policy
${curl} ${post('/v1/images/generations', { model: imageModel, prompt: 'A lighthouse [[fault:throttled:1]]' })} -o /dev/null -D -
${curl} ${post('/v1/images/generations', { model: imageModel, prompt: 'A lighthouse [[fault:unsafe]]' })}

# A video: create it, ask until it is completed, download it
VIDEO=$(${curl} ${post('/v1/videos', { model: videoModel, prompt: 'A paper boat on a river' })} | sed -E 's/.*"id": *"(video_[^"]*)".*/\\1/'); echo "$VIDEO"
${curl} ${url}/v1/videos/$VIDEO ${key}
${curl} -f -o boat.mp4 ${url}/v1/videos/$VIDEO/content ${key} && ls -l boat.mp4

${heading('Python: pip install openai')}
from openai import OpenAI
client = OpenAI(base_url=${JSON.stringify(`${url}/v1`)}, api_key=${JSON.stringify(apiKey)})
image = client.images.generate(model=${JSON.stringify(imageModel)}, prompt="A lighthouse at dawn", response_format="url")
print(image.data[0].url)
video = client.videos.create_and_poll(model=${JSON.stringify(videoModel)}, prompt="A paper boat on a river")
client.videos.download_content(video.id).write_to_file("boat.mp4")

${heading('TypeScript: npm install openai')}
import OpenAI from 'openai'
const client = new OpenAI({ baseURL: ${quoted(`${url}/v1`)}, apiKey: ${quoted(apiKey)} })
const image = await client.images.generate({ model: ${quoted(imageModel)}, prompt: 'A lighthouse at dawn', response_format: 'url' })
console.log(image.data?.[0]?.url)
let video = await client.videos.create({ model: ${quoted(videoModel)}, prompt: 'A paper boat on a river' })
while (video.status === 'queued' || video.status === 'in_progress') {
  await new Promise(resolve => setTimeout(resolve, 2000))
  video = await client.videos.retrieve(video.id)
}
const file = await client.videos.downloadContent(video.id)
console.log(video.status, (await file.arrayBuffer()).byteLength, 'bytes')

${heading('Ctrl+C stops it')}
`
}
