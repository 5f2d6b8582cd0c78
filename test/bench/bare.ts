/** The least that any gateway must do: take JSON, make one JSON call upstream, answer JSON. No queue, no store, no key. */
import { BENCH_ACCOUNTS } from './accounts.ts'

const [labs = '', api = ''] = process.argv.slice(2)
const cookie = `__Secure-next-auth.session-token=${BENCH_ACCOUNTS[0]?.st ?? ''}`
// The emulator's answers, of which one field each is used.
const { access_token: access } = (await (await fetch(`${labs}/auth/session`, { headers: { cookie } })).json()) as {
  access_token: string
}
const authorization = `Bearer ${access}`
const created = await fetch(`${labs}/trpc/project.createProject`, {
  method: 'POST',
  headers: { cookie, 'content-type': 'application/json' },
  body: JSON.stringify({ json: { projectTitle: 'bench', toolName: 'PINHOLE' } }),
})
const project = ((await created.json()) as { result: { data: { json: { result: { projectId: string } } } } }).result
  .data.json.result.projectId

const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const { prompt } = (await request.json()) as { prompt: string }
    const clientContext = { sessionId: ';1', projectId: project, tool: 'PINHOLE' }
    const answer = await fetch(`${api}/projects/${project}/flowMedia:batchGenerateImages`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({
        clientContext,
        mediaGenerationContext: { batchId: crypto.randomUUID() },
        useNewMedia: true,
        requests: [
          {
            clientContext,
            seed: 1,
            imageModelName: 'GEM_PIX_2',
            imageAspectRatio: 'IMAGE_ASPECT_RATIO_LANDSCAPE',
            structuredPrompt: { parts: [{ text: prompt }] },
            imageInputs: [],
          },
        ],
      }),
    })
    const { media } = (await answer.json()) as { media: { image: { generatedImage: { fifeUrl: string } } }[] }
    return Response.json({ created: 0, data: media.map(({ image }) => ({ url: image.generatedImage.fifeUrl })) })
  },
})
console.log(JSON.stringify({ url: server.url.href }))
