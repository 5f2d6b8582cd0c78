/** `GET /admin/api/doctor`: what the plugins find wrong with themselves. */
import { Elysia, examine } from 'flow2api/plugin'
import { type Admin, allowed } from './routes.ts'

const TIMEOUT_MS = 50_000

export const doctorRoutes = (admin: Admin, checks: () => Parameters<typeof examine>[0]) =>
  new Elysia().get(
    '/admin/api/doctor',
    ({ request }) =>
      allowed(admin, request, 'admin', async () => {
        const findings = await examine(checks(), AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]))
        return Response.json({ object: 'diagnosis', findings }, { headers: { 'cache-control': 'no-store' } })
      }),
    {
      detail: {
        tags: ['Admin'],
        summary: 'Check accounts, proxies and upstreams',
        description:
          'Each finding has `severity` (`ok`, `warning`, `error`), `about`, `message`, and `todo`: what to do.',
      },
    },
  )
