/** Joining clips, which is free but takes a while (PROTOCOL.md 2.14). */
import type { MediaSource, OperationStatus, Session, SessionAccount, Started } from 'flow2api/contracts'
import { err, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import { fromBase64, isVideo } from './bytes.ts'
import { unreadableAnswer } from './errors.ts'
import { asObject } from './json.ts'
import { type ConcatenationAnswer, readConcatenation, readConcatenationName } from './media-readers.ts'
import { type ConcatenationOperation, writeOperation } from './operation.ts'
import type { Order } from './order.ts'
import { joinedSeconds, writeOrigin } from './origin.ts'
import { finalSize } from './sizes.ts'
import { stageOf, WORKING } from './stages.ts'
import type { ConcatenateStep } from './steps.ts'
import type { Tools } from './tools.ts'
import { concatenationRequest, concatenationStatusRequest } from './video-requests.ts'

/** Nothing is paid and nothing is verified here, so a lost call may be made again. */
export function startConcatenation(
  { client, judge }: Tools,
  { model, seat, session }: Order,
  { clips, projectId }: ConcatenateStep,
): ResultAsync<Started, Fault> {
  return client
    .api('concatenate', ':runVideoFxConcatenation', seat.account.access, session, concatenationRequest(clips))
    .andThen((answer): Result<Started, Fault> => {
      if (answer.status < 200 || answer.status > 299) return err(judge.answer(answer, 'plain'))
      const name = readConcatenationName(answer.body)
      if (name === undefined) return err(unreadableAnswer('name of the joining of the clips'))
      const operation = writeOperation({
        kind: 'concatenation',
        name,
        projectId,
        model: model.id,
        ...finalSize(model),
        seconds: joinedSeconds(clips),
        clips,
      })
      return ok({ state: 'running', operation })
    })
}

/** A fault means that nothing was learned. */
export async function checkConcatenation(
  { client, judge }: Tools,
  operation: ConcatenationOperation,
  account: SessionAccount,
  session: Session,
): Promise<Result<OperationStatus, Fault>> {
  const asked = await client.api(
    'concatenation',
    ':runVideoFxCheckConcatenationStatus',
    account.access,
    session,
    concatenationStatusRequest(operation.name),
  )
  if (asked.isErr()) return err(asked.error)
  const { status, body } = asked.value
  // Flow has forgotten it, or never understood it: asking on would not help.
  if (status === 400 || status === 404) return ok({ state: 'failed', fault: judge.answer(asked.value, 'plain') })
  if (status < 200 || status > 299) return err(judge.answer(asked.value, 'plain'))
  if (asObject(body) === undefined) return err(unreadableAnswer('state of the joining of the clips'))
  const answer = readConcatenation(body)
  switch (stageOf(answer.status)) {
    case 'done':
      return ok(finished(operation, answer))
    case 'failed':
      return ok({ state: 'failed', fault: judge.failure({ token: answer.token, reasons: [], filtered: false }) })
    case 'accepted':
    case 'working':
      return ok(WORKING)
    case 'unknown':
      return ok({ state: 'running' })
  }
}

function finished(operation: ConcatenationOperation, { url, encoded }: ConcatenationAnswer): OperationStatus {
  const bytes = url === undefined && encoded !== undefined ? fromBase64(encoded) : undefined
  const where = url !== undefined ? { url } : bytes !== undefined && isVideo(bytes) ? { bytes } : undefined
  if (where === undefined) return { state: 'failed', fault: unreadableAnswer('joined video') }
  const { width, height, seconds, clips, projectId, model } = operation
  const last = clips.at(-1)
  const portrait = width !== undefined && height !== undefined && height > width
  const media: MediaSource = {
    ...where,
    mime: 'video/mp4',
    ...(width !== undefined && height !== undefined && { width, height }),
    ...(seconds !== undefined && { durationSeconds: seconds }),
    ...(last !== undefined && {
      origin: writeOrigin({
        mediaId: last.mediaId,
        projectId,
        kind: 'video',
        model,
        aspect: portrait ? '9:16' : '16:9',
        seconds,
        clips,
      }),
    }),
  }
  return { state: 'done', media: [media] }
}
