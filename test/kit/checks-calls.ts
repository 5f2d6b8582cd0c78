/** Whether models deliver: start, status, further steps, media. */
import type { ListedModel, MediaSource, Operation, OperationStatus, Session, Started } from 'flow2api/contracts'
import type { Fault, Result } from 'flow2api/plugin'
import { demand, type Subject, said, throughJson } from './subject.ts'

const MOST_STEPS = 8
const MOST_ROUNDS = 500
const ROUND_MS = 5

export async function chain(subject: Subject): Promise<void> {
  const list = subject.models()
  demand(list.length > 0, 'No model can be run without an input: pass `input` or `models`.')
  const account = await subject.account()
  for (const model of list) {
    const media = await delivered(subject, model, subject.session(account))
    demand(media.length > 0, `"${model.id}" ended as done without any media.`)
    for (const source of media) checkMedia(model, source)
  }
  demand(
    subject.outside.unguarded.length === 0,
    `Requests went out without a signal (${subject.outside.unguarded[0]}): pass \`signal\` of the session to its fetch.`,
  )
}

/** Runs a model through all its steps. */
export async function delivered(
  subject: Subject,
  model: ListedModel,
  session: Session,
): Promise<readonly MediaSource[]> {
  const name = `start() of "${model.id}"`
  let started: Started = good(await subject.start(model, session), name)
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    if (started.state === 'done') return started.media
    if (started.state === 'next') {
      const step = throughJson(started.step, `The step that ${name} answered`)
      started = good(await subject.start(model, session, { step }), `${name} with the step ${JSON.stringify(step)}`)
      continue
    }
    const ended = await polled(subject, throughJson(started.operation, `The operation that ${name} answered`), session)
    if (ended.state === 'failed') demand(false, `"${model.id}" failed while it ran: ${said(ended.fault)}`)
    else started = ended
  }
  demand(false, `"${model.id}" did not end within ${MOST_STEPS} steps.`)
  return []
}

type Ended = Exclude<OperationStatus, { readonly state: 'running' }>

export async function polled(subject: Subject, operation: Operation, session: Session): Promise<Ended> {
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const statuses = good(await subject.provider.status([operation, operation], session), 'status()')
    demand(
      statuses.length === 2,
      `status() answered ${statuses.length} of 2 operations: one answer for each, in order.`,
    )
    const [status] = statuses
    if (status && status.state !== 'running') return status
    const progress = status?.progress
    demand(progress === undefined || (progress >= 0 && progress <= 100), `status() answered a progress of ${progress}.`)
    await Bun.sleep(ROUND_MS)
  }
  demand(false, `The operation ${JSON.stringify(operation)} was still running after ${MOST_ROUNDS} rounds of status().`)
  throw new Error('unreachable')
}

export function good<T>(result: Result<T, Fault>, what: string): T {
  demand(result.isOk(), `${what} failed: ${result.isErr() ? said(result.error) : ''}`)
  return result.value
}

function checkMedia({ id, kind }: ListedModel, source: MediaSource): void {
  if ('url' in source)
    demand(/^https?:\/\//.test(source.url), `"${id}" answered media at "${source.url}", which is no http(s) address.`)
  else demand(source.bytes.length > 0, `"${id}" answered media without any bytes.`)
  const { mime } = source
  demand(
    mime === undefined || mime.startsWith(`${kind}/`),
    `"${id}" makes ${kind}s and answered media of the type ${mime}.`,
  )
}
