/** Free work before the first paid call: the inputs become media of Flow, in their order (PROTOCOL.md 2.5). */
import { domainFault, type Json, type Session, type Unit, type UnitInput } from 'flow2api/contracts'
import { err, type Fault, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { pictureType, toBase64 } from './bytes.ts'
import { unreadableAnswer } from './errors.ts'
import { uploadRequest } from './image-requests.ts'
import { paramOf } from './inputs.ts'
import { readUpload } from './media-readers.ts'
import { type FlowOrigin, readOrigin } from './origin.ts'
import { NOTHING_PREPARED, type Prepared, writePrepared } from './prepared.ts'
import { sessionIdAt } from './requests.ts'
import { type Seat, seatOf } from './seat.ts'
import { continued } from './source.ts'
import type { Tools } from './tools.ts'

/** Documented for another service of the same house; Flow's own limit is not known (PROTOCOL.md 2.5). */
const MOST_BYTES = 20 * 1024 * 1024

export const prepareUnit = (tools: Tools, unit: Unit, session: Session): ResultAsync<Json, Fault> =>
  new ResultAsync(prepareAll(tools, unit, session)).map(writePrepared)

async function prepareAll(tools: Tools, unit: Unit, session: Session): Promise<Result<Prepared, Fault>> {
  const seat = seatOf(session)
  if (seat.isErr()) return err(seat.error)
  let prepared = NOTHING_PREPARED
  for (const input of unit.inputs) {
    const origin = readOrigin(input.origin)
    const param = paramOf(input.role, unit.kind)
    if (input.role === 'source_video') {
      const source = continued(tools.catalogue.find(unit.model), origin, param)
      if (source.isErr()) return err(source.error)
      prepared = { ...source.value, media: [...prepared.media, ...source.value.media] }
      continue
    }
    const id = isOwnPicture(origin) ? ok(origin.mediaId) : await upload(tools, input, param, seat.value, session)
    if (id.isErr()) return err(id.error)
    prepared = { ...prepared, media: [...prepared.media, { role: input.role, id: id.value }] }
  }
  return ok(prepared)
}

/** Flow has it already, and work on it runs on the account that made it. */
const isOwnPicture = (origin: FlowOrigin | undefined): origin is FlowOrigin => origin?.kind === 'image'

async function upload(
  { client, clock, judge }: Tools,
  input: UnitInput,
  param: string,
  { account, projectId }: Seat,
  session: Session,
): Promise<Result<string, Fault>> {
  const read = await ResultAsync.fromPromise(input.bytes(), cause =>
    domainFault('internal_error', 'A picture that was sent along cannot be read any more.', { cause }),
  )
  if (read.isErr()) return err(read.error)
  const bytes = read.value
  const type = pictureType(bytes)
  if (type === undefined)
    return err(unusable(param, 'The picture is none that Flow takes. Send a JPEG, PNG, WebP or GIF.'))
  if (bytes.byteLength > MOST_BYTES)
    return err(unusable(param, 'The picture is larger than 20 MB, which is the most that Flow takes. Make it smaller.'))
  const now = clock.now()
  const body = uploadRequest(
    { projectId, sessionId: sessionIdAt(now) },
    { fileName: `flow2api_upload_${now}.${type.extension}`, mime: type.mime, base64: toBase64(bytes) },
  )
  const answer = await client.api('upload', '/flow/uploadImage', account.access, session, body)
  if (answer.isErr()) return err(answer.error)
  const { status } = answer.value
  if (status < 200 || status > 299) return err(blaming(param, judge.answer(answer.value, 'plain')))
  const id = readUpload(answer.value.body)
  return id === undefined ? err(unreadableAnswer('id of the picture that was sent')) : ok(id)
}

const unusable = (param: string, message: string): Fault => domainFault('invalid_image_file', message, { param })

/** What Flow refuses about an upload is about this input. */
const blaming = (param: string, fault: Fault): Fault =>
  fault.blame === 'request' && fault.param === undefined ? { ...fault, param } : fault
