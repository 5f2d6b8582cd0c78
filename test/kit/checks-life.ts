/** Whether a provider behaves when things go wrong, end, or begin anew. */
import type { GenerationProvider, SessionAccount } from 'flow2api/contracts'
import type { Blame, Fault, Handle, Result } from 'flow2api/plugin'
import { delivered, good, polled } from './checks-calls.ts'
import { demand, Subject, said, throughJson } from './subject.ts'
import type { Mood } from './upstream.ts'

const SOON_MS = 2_000

const within = async <T>(promise: PromiseLike<T>): Promise<T | 'late'> =>
  Promise.race([promise, Bun.sleep(SOON_MS).then(() => 'late' as const)])

type Answer = Result<unknown, Fault>

/** An upstream that says nothing, and a caller who gives up, or whose time is over. */
export async function patience(subject: Subject): Promise<void> {
  const account = await subject.account()
  const [model] = subject.models()
  if (!model) return
  const { outside } = subject
  const attempt = async (what: string, call: (signal: AbortSignal) => Promise<Answer>) => {
    for (const [when, reason] of STOPS) {
      const stop = new AbortController()
      outside.mood = 'silent'
      const asked = outside.asked
      const answer = call(stop.signal)
      for (let turn = 0; turn < 100 && outside.asked === asked; turn++) await Bun.sleep(1)
      const needsUpstream = outside.asked > asked
      stop.abort(reason)
      const ended = await within(answer)
      outside.mood = 'well'
      // What needs nobody may well have finished.
      if (!needsUpstream) return
      demand(ended !== 'late', `${what} did not end within ${SOON_MS / 1000} s after ${when}.`)
      demand(ended.isErr(), `${what} answered as if all were well after ${when}, while its upstream was silent.`)
      const { blame } = ended.error
      demand(
        blame !== 'account' && blame !== 'proxy',
        `${what} blames the ${blame} after ${when}, which had no part in it. It said ${said(ended.error)}`,
      )
    }
  }
  await attempt(`start() of "${model.id}"`, signal => subject.start(model, subject.session(account, signal)))
  const running = await begun(subject, account)
  if (!running) return
  const { provider } = subject
  await attempt('status()', async signal => provider.status([running.operation], subject.session(account, signal)))
  const cancelled = await within(provider.cancel(running.operation, subject.session(account)))
  demand(cancelled !== 'late', `cancel() did not end within ${SOON_MS / 1000} s.`)
  demand(
    cancelled.isOk(),
    `cancel() of what runs failed: ${cancelled.isErr() ? said(cancelled.error) : ''}. What cannot be cancelled is answered with ok.`,
  )
}

const STOPS: readonly (readonly [when: string, reason: unknown])[] = [
  ['its signal was aborted', undefined],
  ['its deadline had passed', new DOMException('The operation timed out.', 'TimeoutError')],
]

/** The first model that leaves something running, started. */
async function begun(subject: Subject, account: SessionAccount | undefined) {
  for (const model of subject.models()) {
    const started = good(await subject.start(model, subject.session(account)), `start() of "${model.id}"`)
    if (started.state === 'running') return { model, operation: started.operation }
  }
  return undefined
}

interface Case {
  readonly mood: Mood
  readonly blames: readonly Blame[]
  readonly why: string
}

/** What each kind of trouble says of whom. `gateway` counts where the outcome of a paid call is not known. */
const CASES: readonly Case[] = [
  { mood: 500, blames: ['upstream', 'gateway'], why: 'an upstream that answers 500' },
  { mood: 503, blames: ['upstream', 'gateway'], why: 'an upstream that answers 503' },
  { mood: 'garbage', blames: ['upstream', 'gateway'], why: 'an upstream that answers 200 with HTML' },
  { mood: 'unreachable', blames: ['upstream'], why: 'an upstream that cannot be reached' },
  { mood: 'proxy_down', blames: ['proxy'], why: 'a proxy that is down' },
  { mood: 429, blames: ['account', 'upstream'], why: 'an upstream that answers 429' },
]

export async function blame(subject: Subject): Promise<void> {
  const account = await subject.account()
  const [model] = subject.models()
  if (!model) return
  await blamed(subject, `start() of "${model.id}"`, () => subject.start(model, subject.session(account)))
  const running = await begun(subject, account)
  if (running)
    await blamed(subject, 'status()', async () =>
      subject.provider.status([running.operation], subject.session(account)),
    )
  const driver = subject.provider.accounts()
  const { secret = '', attributes = {} } = subject.options
  const { fetch } = subject.outside
  if (driver)
    await blamed(subject, 'accounts().open()', async () =>
      driver.open({ secret, attributes }, { fetch, signal: AbortSignal.timeout(10_000) }),
    )
}

async function blamed(subject: Subject, what: string, call: () => Promise<Answer>): Promise<void> {
  const { outside } = subject
  for (const { mood, blames, why } of CASES) {
    outside.mood = mood
    const asked = outside.asked
    const answer = await within(attempted(call))
    outside.mood = 'well'
    // It does its work without asking anybody.
    if (outside.asked === asked) return
    demand(answer !== 'late', `${what} did not end with ${why}: it may not wait or retry by itself.`)
    demand(
      !('thrown' in answer),
      `${what} threw with ${why}: answer a fault. ${'thrown' in answer ? answer.thrown : ''}`,
    )
    const { fault } = answer
    demand(fault !== undefined, `${what} answered as if something had been learned with ${why}: answer a fault.`)
    demand(
      blames.includes(fault.blame),
      `${what} blames ${fault.blame} for ${why}; that should be ${blames.join(' or ')}. It said ${said(fault)}`,
    )
    demand(fault.message.trim() !== '', `${what} answered a fault without a message with ${why}.`)
  }
}

type Attempted = { readonly fault: Fault | undefined } | { readonly thrown: string }

async function attempted(call: () => Promise<Answer>): Promise<Attempted> {
  try {
    const answer = await call()
    // A provider that throws across the bus is made a fault of this code by the kernel.
    if (answer.isErr() && answer.error.code === 'plugin_bug') return { thrown: answer.error.message }
    return { fault: answer.isErr() ? answer.error : undefined }
  } catch (cause) {
    return { thrown: String(cause) }
  }
}

/** What one process began, another one finishes. */
export async function restart(subject: Subject): Promise<void> {
  const account = await subject.account()
  for (const model of subject.models()) {
    const started = good(await subject.start(model, subject.session(account)), `start() of "${model.id}"`)
    if (started.state !== 'running') continue
    const operation = throughJson(started.operation, `The operation that start() of "${model.id}" answered`)
    await using later = await Subject.boot(subject.options)
    const ended = await polled(later, operation, later.session(account))
    demand(
      ended.state !== 'failed',
      `After a restart status() answered that "${model.id}" failed: ${ended.state === 'failed' ? said(ended.fault) : ''}`,
    )
  }
}

/** Replaced while it works; then taken out. */
export async function reload(subject: Subject): Promise<void> {
  const { kernel, options, intervals } = subject
  const id = options.id ?? 'subject'
  const account = await subject.account()
  const [model] = subject.models()
  const before: Handle<GenerationProvider> = subject.provider
  const underWay = model && delivered(subject, model, subject.session(account))
  // Marked as handled: it is awaited below, after the reload.
  underWay?.catch(() => {})
  const renamed = { ...options.plugin, version: `${options.plugin.version}-again` }
  const probe = kernel.status().find(plugin => plugin.id === 'probe')
  demand(probe !== undefined, 'The probe is gone.')
  const report = await kernel.reload({ plugins: { ...kernel.plugins(), [id]: renamed } })
  demand(report.isOk(), `The reload was rejected: ${report.isErr() ? report.error.message : ''}`)
  const outcome = report.value.plugins.find(plugin => plugin.id === id)
  demand(
    outcome?.outcome === 'reloaded',
    `The reload did not replace the plugin: ${outcome?.reason ?? outcome?.outcome}`,
  )
  await underWay
  demand(before.models().length > 0, 'models() is empty after a reload.')
  if (model) await delivered(subject, model, subject.session(account))
  const { [id]: _, ...others } = kernel.plugins()
  const removed = await kernel.reload({ plugins: others, config: { server: { drain_timeout_s: 1 } } })
  demand(removed.isOk(), `The plugin could not be taken out: ${removed.isErr() ? removed.error.message : ''}`)
  for (let turn = 0; turn < 200 && kernel.status().some(plugin => plugin.id === id); turn++) await Bun.sleep(10)
  const left = kernel.status().find(plugin => plugin.id === id)
  demand(left === undefined, `After it was taken out, the plugin is still held by: ${left?.in_flight.join(', ')}.`)
  demand(kernel.leaks().length === 0, `After it was taken out, the plugin left behind: ${kernel.leaks().join(', ')}.`)
  const [interval] = intervals.running
  demand(
    interval === undefined,
    `After it was taken out, the plugin left setInterval(…, ${interval}) running: use ctx.every, or ctx.defer its end.`,
  )
}
