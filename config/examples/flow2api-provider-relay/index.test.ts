/** Whether it keeps to the contract, against an upstream that answers as OpenAI's reference says. */
import { expect, test } from 'bun:test'
import { okAsync } from 'flow2api/plugin'
import { providerConformance } from 'flow2api/testing'
import relay from './index.ts'
import { planned } from './models.ts'
import { draw } from './requests.ts'

const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='

async function upstream(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/v1/images/edits') {
    const form = await request.formData()
    return Response.json({
      data: form
        .getAll('image[]')
        .map(() => ({ b64_json: PICTURE }))
        .slice(0, 1),
    })
  }
  const { model, size } = (await request.json()) as { model: string; size: string } // what `requests.ts` sends
  if (pathname !== '/v1/images/generations' || model !== 'gpt-image-1' || !/^\d+x\d+$/.test(size))
    return Response.json({ error: { message: 'Unknown.', code: null } }, { status: 400 })
  return Response.json({ data: [{ b64_json: PICTURE }] })
}

const input = { mime: 'image/png', bytes: Uint8Array.fromBase64(PICTURE) }
const config = { base_url: 'https://upstream.test/v1/', api_key: 'sk-upstream' }
for (const { name, run } of providerConformance({ plugin: relay, id: 'relay', config, upstream, input }))
  test(name, run)

test('what the upstream refuses is blamed on whom it concerns', async () => {
  const unit = { id: 'u', model: 'relay-gpt-image-1', kind: 'image', prompt: 'x', inputs: [], parameters: {} } as const
  const refused = async (status: number, code: string | null) => {
    const answer = Response.json({ error: { message: 'No.', code } }, { status })
    const session = { fetch: () => okAsync(answer), signal: AbortSignal.timeout(1000), progress: () => {} }
    const fault = (await draw({ baseUrl: 'https://upstream.test/v1', key: '' }, unit, session))._unsafeUnwrapErr()
    return `${fault.code} ${fault.blame}`
  }
  expect(await refused(400, 'moderation_blocked')).toBe('moderation_blocked request')
  expect(await refused(400, 'invalid_value')).toBe('upstream_rejected request')
  expect(await refused(401, 'invalid_api_key')).toBe('relay_key_refused gateway')
  expect(await refused(429, 'rate_limit_exceeded')).toBe('upstream_down upstream')
  expect(await refused(500, null)).toBe('upstream_error upstream')
})

test('any size becomes the nearest that the upstream has', () => {
  const size = (wanted: string) => planned('relay-gpt-image-1', { size: wanted })._unsafeUnwrap().requested.size
  expect([size('512x512'), size('1920x1080'), size('1080x1920')]).toEqual(['1024x1024', '1536x1024', '1024x1536'])
})
