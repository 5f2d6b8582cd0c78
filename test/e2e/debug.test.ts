/** What an operator sees of real work: who was chosen and why, what went upstream and how long it took, of which job. */
import { expect, test } from 'bun:test'
import { SAMPLE_ACCOUNTS } from '../emulator/index.ts'
import { basicAuth } from '../fixtures/accounts.ts'
import { ADMIN_PASSWORD, API_KEY, startWorld } from '../fixtures/world.ts'

interface Line {
  readonly message: string
  readonly plugin: string
  readonly level: string
  readonly request_id: string | null
  readonly job_id: string | null
  readonly fields: Record<string, string>
}

async function watched(settings: string) {
  const world = await startWorld({ settings, emulator: { latency: { videoMs: 300 } } })
  const lines = async (query: string) => {
    const answer = await world.admin(`/admin/api/logs?limit=1000&${query}`)
    return ((await answer.json()) as { data: Line[] }).data.toReversed() // the documented list
  }
  const image = async (prompt: string) => {
    const answer = await world.call('/v1/images/generations', {
      method: 'POST',
      body: JSON.stringify({ prompt, response_format: 'url' }),
    })
    await answer.json()
    return { requestId: answer.headers.get('x-request-id') ?? '', jobId: answer.headers.get('x-flow2api-job') ?? '' }
  }
  const edit = (id: number, change: object) =>
    fetch(`${world.url}/admin/api/tokens/${id}`, {
      method: 'PATCH',
      headers: { authorization: basicAuth(ADMIN_PASSWORD), 'content-type': 'application/json' },
      body: JSON.stringify(change),
    })
  return { world, lines, image, edit, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

test('each request is told with its account, its upstream calls and its job, apart from those beside it, without secrets', async () => {
  await using scene = await watched('[debug]\nenabled = true')
  const { world, lines } = scene
  for (const id of [1, 2, 3]) await scene.edit(id, { image_concurrency: 1 })
  // More than there are places: who ends his work sets the next one's going.
  const works = await Promise.all(['A pier', 'A barn', 'A mill', 'A weir', 'A lock', 'A quay'].map(scene.image))
  const video = await world.call('/v1/videos', { method: 'POST', body: JSON.stringify({ prompt: 'A ferry' }) })
  const videoRequest = video.headers.get('x-request-id') ?? ''
  const { id } = (await video.json()) as { id: string } // a video object
  const status = async () => ((await (await world.call(`/v1/videos/${id}`)).json()) as { status: string }).status
  while ((await status()) !== 'completed') await Bun.sleep(50)

  for (const { requestId, jobId } of works) {
    const own = await lines(`request=${requestId}`)
    const text = own.map(({ message }) => message)
    expect(text).toContainEqual('POST /v1/images/generations arrives')
    expect(text).toContainEqual(expect.stringMatching(/^chosen after [\d.]+ ms: account #\d+ \(.+\): #\d+ .+/))
    expect(text).toContainEqual(
      expect.stringMatching(/^upstream POST http.+batchGenerateImages 200 [\d.]+ ms, direct$/),
    )
    expect(text).toContainEqual(expect.stringMatching(/^POST \/v1\/images\/generations 200 \d+ ms$/))
    expect([...new Set(own.map(({ job_id }) => job_id))].filter(job => job !== null)).toEqual([jobId])
    expect([...new Set(own.map(({ request_id }) => request_id))]).toEqual([requestId])
    const ofJob = await lines(`job=${jobId}`)
    expect(ofJob.map(({ message }) => message)).toContainEqual(expect.stringContaining('batchGenerateImages 200'))
  }
  const sent = (await lines(`request=${works[0]?.requestId}&text=batchGenerate`)).find(({ fields }) => 'sent' in fields)
  expect(sent?.fields['sent']).toContain('A pier')
  const ofVideo = await lines(`request=${videoRequest}`)
  expect([...new Set(ofVideo.map(({ job_id }) => job_id))].filter(job => job !== null)).toEqual([
    id.replace('video_', 'job_'),
  ])

  const everything = `${JSON.stringify(await lines(''))}${world.gateway.output()}`
  expect(everything).not.toContain(API_KEY)
  for (const { st } of SAMPLE_ACCOUNTS) expect(everything).not.toContain(st)
  expect(everything).not.toMatch(/ya29\.[\w-]{12,}/)
})

test('switched on while it works it loses nothing: work under way is told to its end', async () => {
  await using scene = await watched('')
  const { world, lines } = scene
  const video = await world.call('/v1/videos', { method: 'POST', body: JSON.stringify({ prompt: 'A ferry' }) })
  const { id } = (await video.json()) as { id: string } // a video object
  expect(await lines('plugin=debug')).toEqual([])
  expect((await world.reload(world.settings('[debug]\nenabled = true'))).status).toBe(200)
  const status = async () => ((await (await world.call(`/v1/videos/${id}`)).json()) as { status: string }).status
  while ((await status()) !== 'completed') await Bun.sleep(50)
  expect((await lines(`job=${id}`)).map(({ message }) => message)).toContainEqual(
    expect.stringMatching(/^tell generation → \S+ jobs\.finished ok/),
  )
  // The log itself is there from the start, whatever [debug] says.
  expect((await lines('plugin=kernel')).map(({ message }) => message)).toContainEqual('configuration reloaded: applied')
})
