/** What is wrong, given the facts. Pure. */
import type { MediaKind } from 'flow2api/contracts'
import { type Facts, totalOf } from './facts.ts'
import { paceOf } from './pace.ts'
import type { RuleName } from './rule-names.ts'

export interface Thresholds {
  readonly poolReadyShare: number
  /** The following: 0 is never. */
  readonly creditsLeast: number
  readonly creditsLastH: number
  readonly errorRate: number
  readonly leastJobs: number
  readonly slowS: Readonly<Record<MediaKind, number>>
  readonly diskFreeBytes: number
  readonly memoryBytes: number
}

export interface Finding {
  /** What of; empty for the gateway as a whole. */
  readonly subject: string
  readonly title: string
  readonly text: string
}

/** Subjects of a rule that are told as wrong already. */
export type Active = (rule: RuleName) => readonly Finding[]

/** What is wrong now; undefined where that cannot be known, so that all stays as it is. */
type Rule = (facts: Facts, thresholds: Thresholds, active: readonly Finding[]) => readonly Finding[] | undefined

const MB = 1024 ** 2
const percent = (share: number) => `${Math.round(share * 100)} %`
const megabytes = (bytes: number) => `${Math.round(bytes / MB)} MB`
const amount = (value: number) => String(Math.round(value * 10) / 10)

/** Accounts are known by what is told of them; one of which nothing was told since the start is as it was. */
function accountsIn(states: readonly string[], title: (id: string) => string): Rule {
  return ({ pool, changed }, _, active) => {
    const wrong = [...changed]
      .filter(([, { state }]) => states.includes(state))
      .map(([id, { reason }]) => ({ subject: `${id}`, title: title(`${id}`), text: reason }))
    const none = pool && [...pool.values()].every(counts => states.every(state => (counts[state] ?? 0) === 0))
    const unheard = none ? [] : active.filter(({ subject }) => !changed.has(Number(subject)))
    return [...wrong, ...unheard]
  }
}

const poolLow: Rule = ({ pool }, { poolReadyShare }) =>
  pool &&
  [...pool].flatMap(([provider, states]) => {
    const total = totalOf(states)
    const ready = states['ready'] ?? 0
    if (total === 0 || ready / total > poolReadyShare) return []
    const others = Object.entries(states)
      .filter(([state, count]) => state !== 'ready' && count > 0)
      .map(([state, count]) => `${count} ${state}`)
    const text = `Of ${total} ${total === 1 ? 'account' : 'accounts'}: ${[`${ready} ready`, ...others].join(', ')}.`
    return [{ subject: provider, title: `Few accounts of ${provider} are ready`, text }]
  })

const creditsLow: Rule = ({ credits }, { creditsLeast, creditsLastH }) =>
  credits &&
  [...credits].flatMap(([provider, samples]) => {
    const left = samples.at(-1)?.credits ?? 0
    const pace = paceOf(samples)
    const short = pace !== undefined && pace.leftH < creditsLastH
    if (!short && (creditsLeast === 0 || left > creditsLeast)) return []
    const text = pace
      ? `${amount(left)} left. At the present pace of ${amount(pace.perHour)} an hour they last for ${hours(pace.leftH)}.`
      : `${amount(left)} left.`
    return [{ subject: provider, title: `Credits of ${provider} are running low`, text }]
  })

const hours = (count: number) => (count < 1 ? `${Math.round(count * 60)} minutes` : `${amount(count)} hours`)

const errorRate: Rule = ({ jobs }, { errorRate: most, leastJobs }) => {
  if (!jobs) return undefined
  const failures = jobs.filter(
    ({ status, blame }) => status === 'outcome_unknown' || (status === 'failed' && blame !== 'request'),
  )
  const failed = sum(failures.map(({ count }) => count))
  const all = failed + sum(jobs.filter(({ status }) => status === 'completed').map(({ count }) => count))
  if (all < leastJobs || failed === 0 || failed / all < most) return []
  const byCode = Map.groupBy(failures, ({ code }) => code ?? 'unknown')
  const codes = [...byCode]
    .map(([code, rows]) => [code, sum(rows.map(({ count }) => count))] as const)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 3)
  const text = `${failed} of ${all} jobs failed: ${codes.map(([code, count]) => `${count} with ${code}`).join(', ')}.`
  return [{ subject: '', title: `${percent(failed / all)} of the generations fail`, text }]
}

const slow: Rule = ({ jobs }, { slowS, leastJobs }) =>
  jobs &&
  (['image', 'video'] as const).flatMap(kind => {
    const done = jobs.filter(job => job.kind === kind && job.status === 'completed')
    const count = sum(done.map(job => job.count))
    const meanS = sum(done.map(({ tookMs }) => tookMs)) / count / 1000
    if (slowS[kind] === 0 || count < leastJobs || meanS <= slowS[kind]) return []
    const text = `The last ${count} took ${Math.round(meanS)} s in the mean; ${slowS[kind]} s would be all right.`
    return [{ subject: kind, title: `${kind === 'image' ? 'Images' : 'Videos'} take long`, text }]
  })

const diskLow: Rule = ({ disks }, { diskFreeBytes }, active) =>
  Object.entries(disks).flatMap(([place, free]) => {
    if (free === undefined) return active.filter(({ subject }) => subject === place)
    if (free >= diskFreeBytes) return []
    const title = `Little disk space is left for ${place}`
    return [{ subject: place, title, text: `${megabytes(free)} are free.` }]
  })

const memoryHigh: Rule = ({ rssBytes }, { memoryBytes }) =>
  memoryBytes === 0 || rssBytes <= memoryBytes
    ? []
    : [{ subject: '', title: 'The gateway takes much memory', text: `${megabytes(rssBytes)} are resident.` }]

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0)

const ALL: Readonly<Record<RuleName, Rule>> = {
  account_disabled: accountsIn(['disabled'], id => `Account #${id} is switched off`),
  account_needs_session: accountsIn(['needs_session', 'migrated'], id => `Account #${id} needs a new session`),
  pool_low: poolLow,
  credits_low: creditsLow,
  error_rate: errorRate,
  slow,
  disk_low: diskLow,
  memory_high: memoryHigh,
}

export const findings = (rule: RuleName, facts: Facts, thresholds: Thresholds, active: Active) =>
  ALL[rule](facts, thresholds, active(rule))
