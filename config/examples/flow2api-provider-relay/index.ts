/** Pictures of any server that speaks OpenAI's Images API, such as OpenAI itself or another gateway. */
import { Provider } from 'flow2api/contracts'
import { definePlugin, okAsync, secret, t } from 'flow2api/plugin'
import { modelOf, planned } from './models.ts'
import { draw } from './requests.ts'

export default definePlugin({
  name: 'relay',
  version: '1.0.0',
  config: t.Object(
    {
      base_url: t.String({
        default: 'https://api.openai.com/v1',
        pattern: '^https?://',
        description: 'Where the API is; `/images/generations` is put behind it.',
      }),
      api_key: secret(t.String({ default: '', description: 'Its key, sent as Bearer.' })),
      models: t.Array(t.String({ pattern: '^\\S+$' }), {
        default: ['gpt-image-1'],
        description: 'Its models. Each is served here as `relay-<its name>`.',
      }),
    },
    { additionalProperties: false },
  ),
  provides: [Provider],
  setup(ctx) {
    const { base_url, api_key, models } = ctx.config
    const upstream = { baseUrl: base_url.replace(/\/+$/, ''), key: api_key }
    if (api_key === '') ctx.log.warn('[relay] api_key is empty: requests go out without a key')
    ctx.provide(Provider, {
      models: () => models.map(modelOf),
      // The key of the settings is the only account there is.
      accounts: () => undefined,
      polling: () => ({ intervalMs: 1000, maxAttempts: 60 }),
      plan: planned,
      start: (unit, session) => draw(upstream, unit, session),
      // A picture comes with the answer to `start`: nothing is ever left running.
      status: operations => okAsync(operations.map(() => ({ state: 'done' as const, media: [] }))),
      cancel: () => okAsync(undefined),
    })
  },
})
