/** Models as Google lists them, and who is answered so at the address that OpenAI's clients ask, too. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createTestKernel, type TestKernel } from 'flow2api/testing'
import gemini from '../../plugins/gemini-surface/index.ts'
import { modelPage } from '../../plugins/gemini-surface/models.ts'
import openai from '../../plugins/openai-surface/index.ts'
import { GEMINI_MODELS } from './gemini-surface.world.ts'
import { FakeEngine } from './openai-surface.engine.ts'
import { authPlugin, jobsPlugin, KEY } from './openai-surface.fixtures.ts'

let kernel: TestKernel
beforeAll(async () => {
  const engine = new FakeEngine()
  engine.listed = GEMINI_MODELS
  kernel = await createTestKernel({
    plugins: { auth: authPlugin, generation: jobsPlugin(engine), 'openai-surface': openai, 'gemini-surface': gemini },
  })
})
afterAll(() => kernel.stop())

const get = (path: string, headers: Record<string, string> = {}) =>
  kernel.fetch(path, { headers: { authorization: `Bearer ${KEY}`, ...headers } })

describe('GET /v1/models', () => {
  test.each([
    ['', {}, 'data'],
    ['', { 'x-goog-api-key': 'x' }, 'models'],
    ['', { 'x-goog-api-client': 'google-genai-sdk/3.1.0' }, 'models'],
    ['?pageSize=3', {}, 'models'],
    ['?pageToken=2', {}, 'models'],
    ['?key=x', {}, 'models'],
    ['?limit=3', {}, 'data'],
  ])('%j with %j has `%s`', async (query, headers, key) => {
    const body = await (await get(`/v1/models${query}`, headers)).json()
    expect([Array.isArray(body[key]), 'data' in body && 'models' in body]).toEqual([true, false])
    const one = await (await get(`/v1/models/img${query}`, headers)).json()
    expect([one.name, one.id]).toEqual(key === 'models' ? ['models/img', undefined] : [undefined, 'img'])
    const none = await (await get(`/v1/models/none${query}`, headers)).json()
    expect(none.error).toMatchObject(
      key === 'models' ? { code: 404, status: 'NOT_FOUND' } : { code: 'model_not_found' },
    )
  })

  test('a wrong key is refused in the caller’s own words', async () => {
    const ask = async (headers: Record<string, string>, query = '') => {
      const response = await kernel.fetch(`/v1/models${query}`, { headers })
      return [response.status, (await response.json()).error.code]
    }
    expect(await ask({ authorization: 'Bearer wrong' })).toEqual([401, 'invalid_api_key'])
    expect(await ask({ 'x-goog-api-key': 'wrong' })).toEqual([400, 400])
    expect(await ask({}, '?key=wrong')).toEqual([400, 400])
  })
})

test('what each model can do', async () => {
  expect(await (await get('/v1beta/models/img')).json()).toMatchObject({
    name: 'models/img',
    supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'predict', 'createInteraction'],
  })
  expect(await (await get('/v1beta/models/vid-text')).json()).toMatchObject({
    supportedGenerationMethods: ['predictLongRunning', 'createInteraction'],
  })
  expect((await get('/v1beta/models?pageSize=many')).status).toBe(400)
})

test('pages have every model once, whatever their size', () => {
  interface Page {
    readonly models: readonly { readonly name: string }[]
    readonly nextPageToken?: string
  }
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), pageSize => {
      const names: string[] = []
      let token: string | undefined = ''
      while (token !== undefined) {
        const query = new URLSearchParams({ pageSize: String(pageSize), pageToken: token })
        const page = modelPage(GEMINI_MODELS, query)._unsafeUnwrap() as Page // by its contract
        expect(page.models.length).toBeWithin(1, pageSize + 1)
        names.push(...page.models.map(({ name }) => name))
        token = page.nextPageToken
      }
      expect(names).toEqual(GEMINI_MODELS.map(({ id }) => `models/${id}`))
    }),
  )
})
