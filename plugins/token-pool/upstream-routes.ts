/** `/admin/api/upstreams`: which of them are held to be down, and back to work by hand. */
import { domainFault, operatorAnswer } from 'flow2api/contracts'
import { type AnyElysia, type Clock, Elysia, err, ok } from 'flow2api/plugin'
import type { Ledger } from './ledger.ts'
import { auditOf, type RouteParts } from './routes.ts'

export interface UpstreamParts extends Pick<RouteParts, 'auth' | 'audit'> {
  readonly ledger: Ledger
  readonly clock: Clock
}

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

export function upstreamRoutes({ auth, ledger, clock, audit }: UpstreamParts): AnyElysia {
  const view = (provider: string) => {
    const { state, reason, since, until } = ledger.breaker(provider).view(clock.now())
    return { object: 'upstream', provider, state, reason, since: seconds(since), until: seconds(until) }
  }
  return new Elysia()
    .get(
      '/admin/api/upstreams',
      ({ request }) =>
        operatorAnswer(auth, request, () => ok({ object: 'list', data: [...ledger.breakers.keys()].map(view) })),
      {
        detail: {
          tags: ['Admin'],
          summary: 'The upstreams, and whether they are held to be down',
          description:
            'Those for which work was asked since the start. `open`: nothing is sent until the time it says.',
        },
      },
    )
    .post(
      '/admin/api/upstreams/:provider/reset',
      ({ request, params }) =>
        operatorAnswer(auth, request, caller => {
          const breaker = ledger.breakers.get(params.provider)
          if (!breaker) return err(domainFault('not_found', `There is no upstream ${params.provider}.`))
          breaker.reset()
          ledger.queue.pump()
          audit(auditOf({ caller, request }, 'upstream.reset', params.provider))
          return ok(view(params.provider))
        }),
      {
        parse: 'none' as const,
        detail: {
          tags: ['Admin'],
          summary: 'Hold an upstream to be well',
          description: 'Work is sent there again at once.',
        },
      },
    )
}
