/** `GET /metrics` and `GET /admin/api/stats`. */
import { hash, timingSafeEqual } from 'node:crypto'
import { type AuthService, authorized, operatorAnswer } from 'flow2api/contracts'
import { type AnyElysia, Elysia, type Fault, type Handle, type Result } from 'flow2api/plugin'
import { CONTENT_TYPE } from './exposition.ts'

export interface RouteParts {
  readonly auth: Handle<AuthService>
  readonly access: { readonly requireKey: boolean; readonly key: string }
  scrape(): Promise<string>
  stats(query: Readonly<Record<string, string | undefined>>): Promise<Result<object, Fault>>
}

export function routes({ auth, access, scrape, stats }: RouteParts): AnyElysia {
  const show = async () =>
    new Response(await scrape(), { headers: { 'content-type': CONTENT_TYPE, 'cache-control': 'no-store' } })
  return new Elysia()
    .get(
      '/metrics',
      ({ request }) =>
        !access.requireKey || hasOwnKey(request, access.key) ? show() : authorized(auth, request, 'any', show),
      {
        detail: {
          tags: ['Monitoring'],
          summary: 'Figures for Prometheus',
          description:
            'In the text format. API key, admin, or the key of [metrics] as Bearer; open to all where [metrics] require_key is off.',
        },
      },
    )
    .get('/admin/api/stats', ({ request, query }) => operatorAnswer(auth, request, () => stats(query)), {
      detail: {
        tags: ['Admin'],
        summary: 'Figures for the console',
        description:
          '`span` is 1h, 24h (default), 7d or 30d; or `from` and `to` in unix seconds. Jobs are counted from the job ledger.',
      },
    })
}

const digest = (text: string) => hash('sha256', text, 'buffer')

/** Compares in constant time. An empty key opens nothing. */
function hasOwnKey(request: Request, key: string): boolean {
  const [, sent] = /^Bearer +(.+)$/i.exec(request.headers.get('authorization') ?? '') ?? []
  return key !== '' && sent !== undefined && timingSafeEqual(digest(sent.trim()), digest(key))
}
