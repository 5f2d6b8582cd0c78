/** What a provider's step is handed. One step, one session. */
import type { EgressWant, Route, Session, SessionAccount } from 'flow2api/contracts'
import type { ActiveUnit } from './active.ts'
import type { Ports } from './ports.ts'

/** The way out of the unit's account. Chosen anew for each step: routes fall ill. */
export const routeOf = (
  ports: Pick<Ports, 'egress'>,
  unit: ActiveUnit,
  purpose: NonNullable<EgressWant['purpose']> = 'api',
): Route => {
  const { accountId } = unit.record
  const proxyUrl = unit.lease?.proxyUrl
  return ports.egress.route({
    ...(accountId !== null && { accountId }),
    ...(proxyUrl !== undefined && { proxyUrl }),
    purpose,
  })
}

export const sessionOf = (
  ports: Pick<Ports, 'egress'>,
  unit: ActiveUnit,
  account: SessionAccount | undefined,
  signal: AbortSignal,
  progress: (percent: number) => void = () => {},
): Session => ({
  ...(account !== undefined && { account }),
  fetch: routeOf(ports, unit).fetch,
  signal,
  progress,
})
