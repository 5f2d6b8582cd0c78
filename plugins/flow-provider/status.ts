/**
 * Work under way: one call for all videos, one for each concatenation beside it, then the file of each video that is done
 * (PROTOCOL.md 2.14, 2.16).
 */
import {
  domainFault,
  type Operation,
  type OperationStatus,
  type Session,
  type SessionAccount,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { checkConcatenation } from './concatenation.ts'
import { deliver } from './delivery.ts'
import { unreadableAnswer } from './errors.ts'
import { asObject } from './json.ts'
import { type FlowOperation, readOperation, type VideoOperation } from './operation.ts'
import { readRemainingCredits } from './readers.ts'
import { statusRequest } from './requests.ts'
import { ACCEPTED, NO_NEWS, stageOf, WORKING } from './stages.ts'
import type { Tools } from './tools.ts'
import { readVideos, type VideoAnswer } from './video-readers.ts'

export const statusOf = (
  tools: Tools,
  operations: readonly Operation[],
  session: Session,
): ResultAsync<readonly OperationStatus[], Fault> => new ResultAsync(lookAt(tools, operations, session))

async function lookAt(
  tools: Tools,
  operations: readonly Operation[],
  session: Session,
): Promise<Result<readonly OperationStatus[], Fault>> {
  const { account } = session
  if (account === undefined)
    return err(domainFault('internal_error', 'Flow was asked about a video without an account.'))
  const known = operations.map(readOperation)
  const videos = known.filter(operation => operation?.kind === 'video')
  // Nobody waits for the slower of the two: a joined video may be long in coming.
  const round = pollAll(tools, videos, account, session)
  const found = await Promise.all(
    known.map(async (operation): Promise<Result<OperationStatus, Fault>> => {
      if (operation === undefined) return unusable()
      if (operation.kind === 'concatenation') return checkConcatenation(tools, operation, account, session)
      const news = await round
      return news.isErr() ? err(news.error) : statusFrom(tools, operation, news.value, account, session)
    }),
  )
  return combined(found, known)
}

/**
 * Where one part of a round failed, the others count all the same. Not if access has expired or the work was called off:
 * then everything is asked again, or nothing any more.
 */
function combined(
  found: readonly Result<OperationStatus, Fault>[],
  known: readonly (FlowOperation | undefined)[],
): Result<readonly OperationStatus[], Fault> {
  const faults = found.flatMap(result => (result.isErr() ? [result.error] : []))
  const decisive = faults.find(({ code }) => code === 'access_expired' || code === 'cancelled')
  const learned = found.some((result, index) => result.isOk() && known[index] !== undefined)
  const fault = decisive ?? (learned ? undefined : faults[0])
  return fault === undefined ? ok(found.map(result => result.unwrapOr(NO_NEWS))) : err(fault)
}

interface News {
  readonly videos: readonly VideoAnswer[]
  readonly credits: number | undefined
}
const NOTHING: News = { videos: [], credits: undefined }

async function pollAll(
  tools: Tools,
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
  const refused = err(tools.judge.answer(answer.value, 'plain'))
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
  tools: Tools,
  operation: VideoOperation,
  { videos, credits }: News,
  account: SessionAccount,
  session: Session,
): Promise<Result<OperationStatus, Fault>> {
  const video = videos.find(({ name, operationName }) => operation.name === name || operation.name === operationName)
  switch (stageOf(video?.status)) {
    case 'accepted':
      return ok(ACCEPTED)
    case 'working':
      return ok(WORKING)
    case 'failed':
      return ok({ state: 'failed', fault: failureOf(tools, video) })
    case 'done':
      return video === undefined ? ok(NO_NEWS) : deliver(tools, operation, video, credits, account, session)
    case 'unknown':
      return ok(NO_NEWS)
  }
}

function failureOf({ judge }: Tools, video: VideoAnswer | undefined): Fault {
  const status = video?.status
  if (status === 'CANCELED' || status === 'CANCELLED')
    return domainFault('cancelled', 'The video was cancelled at Flow, by this gateway or by somebody in the Flow app.')
  const failure = video?.failure ?? { token: undefined, reasons: [], filtered: false }
  return judge.failure(status === 'FILTERED' ? { ...failure, filtered: true } : failure)
}

const unusable = (): Result<OperationStatus, Fault> =>
  ok({
    state: 'failed',
    fault: domainFault(
      'outcome_unknown',
      'What was stored about this video does not say how to ask for it. Look into the Flow project for it.',
    ),
  })
