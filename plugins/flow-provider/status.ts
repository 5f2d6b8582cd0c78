/** Videos under way: one call for all of them, then the media URL of each that is done (PROTOCOL.md 2.16, 2.17). */
import {
  domainFault,
  type Operation,
  type OperationStatus,
  type Session,
  type SessionAccount,
} from 'flow2api/contracts'
import { type Clock, err, type Fault, ok, Result, ResultAsync } from 'flow2api/plugin'
import type { FlowClient } from './client.ts'
import { faultOfAnswer, faultOfFailure, unreadableAnswer } from './errors.ts'
import { asObject } from './json.ts'
import { readOperation, type VideoOperation } from './operation.ts'
import { readRemainingCredits, readVideos, type VideoAnswer } from './readers.ts'
import { mediaUrl } from './redirect.ts'
import { statusRequest } from './requests.ts'
import { readSessionToken } from './session-token.ts'

/** Stages, not measurements: Flow tells no percentage. */
const ACCEPTED: OperationStatus = { state: 'running', progress: 5 }
const WORKING: OperationStatus = { state: 'running', progress: 30 }
const FINISHED_NOT_READY: OperationStatus = { state: 'running', progress: 99 }
const NO_NEWS: OperationStatus = { state: 'running' }

type Stage = 'accepted' | 'working' | 'done' | 'failed' | 'unknown'

/** PROTOCOL.md 1.7. Words that were never seen on the wire are read in the way that loses nothing. */
const STAGES: Readonly<Record<string, Stage>> = {
  PENDING: 'accepted',
  SCHEDULED: 'accepted',
  CREATED: 'accepted',
  ACTIVE: 'working',
  RUNNING: 'working',
  PROCESSING: 'working',
  IN_PROGRESS: 'working',
  SUCCESSFUL: 'done',
  SUCCEEDED: 'done',
  COMPLETE: 'done',
  COMPLETED: 'done',
  FAILED: 'failed',
  FILTERED: 'failed',
  CANCELED: 'failed',
  CANCELLED: 'failed',
}

export const stageOf = (status: string | undefined): Stage => {
  if (status === undefined) return 'unknown'
  if (status.startsWith('ERROR')) return 'failed'
  return Object.hasOwn(STAGES, status) ? (STAGES[status] ?? 'unknown') : 'unknown'
}

export interface StatusTools {
  readonly client: FlowClient
  readonly clock: Clock
}

export const statusOf = (
  tools: StatusTools,
  operations: readonly Operation[],
  session: Session,
): ResultAsync<readonly OperationStatus[], Fault> => new ResultAsync(lookAt(tools, operations, session))

async function lookAt(
  tools: StatusTools,
  operations: readonly Operation[],
  session: Session,
): Promise<Result<readonly OperationStatus[], Fault>> {
  const { account } = session
  if (account === undefined)
    return err(domainFault('internal_error', 'Flow was asked about a video without an account.'))
  const known = operations.map(readOperation)
  const found = await pollAll(
    tools,
    known.filter(operation => operation !== undefined),
    account,
    session,
  )
  if (found.isErr()) return err(found.error)
  const statuses = known.map(operation =>
    operation === undefined ? unusable() : statusFrom(tools, operation, found.value, account, session),
  )
  return Result.combine(await Promise.all(statuses))
}

interface News {
  readonly videos: readonly VideoAnswer[]
  readonly credits: number | undefined
}
const NOTHING: News = { videos: [], credits: undefined }

async function pollAll(
  tools: StatusTools,
  operations: readonly VideoOperation[],
  account: SessionAccount,
  session: Session,
): Promise<Result<News, Fault>> {
  if (operations.length === 0) return ok(NOTHING)
  const answer = await tools.client.api(
    'status',
    '/video:batchCheckAsyncVideoGenerationStatus',
    account.access,
    session,
    statusRequest(operations),
  )
  if (answer.isErr()) return err(answer.error)
  const { status, body } = answer.value
  if (status >= 200 && status < 300)
    return asObject(body) === undefined
      ? err(unreadableAnswer('state of the videos'))
      : ok({ videos: readVideos(body), credits: readRemainingCredits(body) })
  const refused = err(faultOfAnswer(answer.value, 'plain', tools.clock.now()))
  if (status !== 400 && status !== 404) return refused
  // One video that Flow has forgotten must not hide the news of the others; by itself it is merely no news.
  if (operations.length === 1) return status === 404 ? ok(NOTHING) : refused
  const apart = await Promise.all(operations.map(operation => pollAll(tools, [operation], account, session)))
  const learned = apart.flatMap(result => (result.isOk() ? [result.value] : []))
  if (learned.length === 0) return refused
  return ok({
    videos: learned.flatMap(news => news.videos),
    credits: learned.findLast(news => news.credits !== undefined)?.credits,
  })
}

async function statusFrom(
  tools: StatusTools,
  operation: VideoOperation,
  news: News,
  account: SessionAccount,
  session: Session,
): Promise<Result<OperationStatus, Fault>> {
  const video = news.videos.find(
    ({ name, operationName }) => operation.name === name || operation.name === operationName,
  )
  switch (stageOf(video?.status)) {
    case 'accepted':
      return ok(ACCEPTED)
    case 'working':
      return ok(WORKING)
    case 'failed':
      return ok({ state: 'failed', fault: failureOf(video) })
    case 'done':
      return deliver(tools, operation, video?.url, news, account, session)
    case 'unknown':
      return ok(NO_NEWS)
  }
}

async function deliver(
  { client }: StatusTools,
  operation: VideoOperation,
  known: string | undefined,
  { credits }: News,
  account: SessionAccount,
  session: Session,
): Promise<Result<OperationStatus, Fault>> {
  const found = known === undefined ? await askForUrl(client, operation.name, account, session) : ok(known)
  // The video exists: a way that is blocked for the moment is no reason to call the round a failure.
  if (found.isErr()) return isPassing(found.error) ? ok(FINISHED_NOT_READY) : err(found.error)
  if (found.value === undefined) return ok(FINISHED_NOT_READY)
  const { width, height, seconds } = operation
  return ok({
    state: 'done',
    media: [
      {
        url: found.value,
        mime: 'video/mp4',
        ...(width !== undefined && { width }),
        ...(height !== undefined && { height }),
        ...(seconds !== undefined && { durationSeconds: seconds }),
      },
    ],
    ...(credits !== undefined && { credits }),
  })
}

async function askForUrl(
  client: FlowClient,
  name: string,
  account: SessionAccount,
  session: Session,
): Promise<Result<string | undefined, Fault>> {
  const token = readSessionToken(account.secret)
  return token.isErr() ? err(token.error) : await mediaUrl(client, name, token.value, session)
}

const isPassing = ({ code }: Fault): boolean =>
  code === 'upstream_timeout' ||
  code === 'upstream_unreachable' ||
  code === 'proxy_unreachable' ||
  code === 'proxy_refused'

function failureOf(video: VideoAnswer | undefined): Fault {
  const status = video?.status
  if (status === 'CANCELED' || status === 'CANCELLED')
    return domainFault('cancelled', 'The video was cancelled at Flow, by this gateway or by somebody in the Flow app.')
  const failure = video?.failure ?? { token: undefined, reasons: [], filtered: false }
  return faultOfFailure(status === 'FILTERED' ? { ...failure, filtered: true } : failure)
}

const unusable = (): Result<OperationStatus, Fault> =>
  ok({
    state: 'failed',
    fault: domainFault(
      'outcome_unknown',
      'What was stored about this video does not say how to ask for it. Look into the Flow project for it.',
    ),
  })
