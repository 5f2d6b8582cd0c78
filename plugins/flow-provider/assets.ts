/** What can be done with media at Flow besides making it: a still, deleting, cancelling (PROTOCOL.md 2.17, 2.19). */
import { domainFault, type MediaSource, type Operation, type Origin, type Session } from 'flow2api/contracts'
import { err, errAsync, type Fault, ok, okAsync, type Result, ResultAsync } from 'flow2api/plugin'
import { readOperation } from './operation.ts'
import { readOrigin } from './origin.ts'
import { mediaUrl } from './redirect.ts'
import { cancelRequest, deleteAssetsRequest, deleteRequest } from './requests.ts'
import { readSessionToken } from './session-token.ts'
import type { Tools } from './tools.ts'

/** Errors: `media_unavailable`, `access_expired`; and those of egress. */
export function thumbnailOf(
  { client }: Tools,
  origin: Origin,
  { account, fetch, signal }: Session,
): ResultAsync<MediaSource, Fault> {
  const known = readOrigin(origin)
  if (account === undefined) return errAsync(withoutAccount())
  if (known === undefined) return errAsync(noStill())
  const token = readSessionToken(account.secret)
  if (token.isErr()) return errAsync(token.error)
  // A joined video begins with its first clip, and an enlarged one is the same to look at.
  const name = known.clips?.[0]?.mediaId ?? known.base ?? known.mediaId
  return mediaUrl(client, name, 'MEDIA_URL_TYPE_THUMBNAIL', token.value, { fetch, signal }).andThen(found => {
    const url = found ?? known.thumbnailUrl
    return url === undefined ? err(noStill()) : ok({ url, mime: 'image/jpeg' })
  })
}

/**
 * Best effort: the call of the web page, and another client's where that one fails. Flow may delete nothing at all where
 * one name is gone already, so several names are then deleted one by one.
 */
export const discardMedia = (tools: Tools, origins: readonly Origin[], session: Session): ResultAsync<void, Fault> =>
  discardNames(tools, [...new Set(origins.flatMap(namesOf))], session)

function discardNames(tools: Tools, names: readonly string[], session: Session): ResultAsync<void, Fault> {
  const { account, fetch, signal } = session
  if (names.length === 0) return okAsync()
  if (account === undefined) return errAsync(withoutAccount())
  const way = { fetch, signal }
  const apart = () => ResultAsync.combine(names.map(name => discardNames(tools, [name], session))).map(() => undefined)
  const byAccess = () =>
    tools.client
      .api('discard', '/flow:batchDeleteAssets', account.access, way, deleteAssetsRequest(names))
      .andThen(answer => {
        if (answer.status === 404) return names.length === 1 ? okAsync() : apart()
        return isSuccess(answer.status) ? okAsync() : errAsync(tools.judge.answer(answer, 'plain'))
      })
  const token = readSessionToken(account.secret)
  if (token.isErr()) return byAccess()
  return tools.client
    .labs('discard', '/trpc/media.deleteMedia', token.value, way, deleteRequest(names))
    .map(({ status }) => isSuccess(status))
    .orElse(fault => (fault.code === 'cancelled' ? errAsync(fault) : okAsync(false)))
    .andThen(deleted => (deleted ? okAsync() : byAccess()))
}

/** The clips of a joined video belong to the work that made them; an enlarged one and its base are one's own. */
const namesOf = (origin: Origin): readonly string[] => {
  const known = readOrigin(origin)
  return known === undefined ? [] : [known.mediaId, ...(known.base === undefined ? [] : [known.base])]
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** Best effort: what Flow does not know, or will not cancel any more, counts as done. A joining cannot be cancelled. */
export function cancelWork(
  { client, judge }: Tools,
  operation: Operation,
  { account, fetch, signal }: Session,
): ResultAsync<void, Fault> {
  const work = readOperation(operation)
  if (work?.kind !== 'video') return okAsync()
  if (account === undefined) return errAsync(withoutAccount())
  return client
    .api('cancel', '/flowMedia:cancelGeneration', account.access, { fetch, signal }, cancelRequest(work.name))
    .andThen((answer): Result<void, Fault> => {
      const { status } = answer
      const over = isSuccess(status) || status === 400 || status === 404 || status === 409
      return over ? ok() : err(judge.answer(answer, 'plain'))
    })
}

const withoutAccount = (): Fault => domainFault('internal_error', 'Flow was asked about media without an account.')

const noStill = (): Fault =>
  domainFault('media_unavailable', 'Flow has no still picture of this video, or not yet. Ask for the video itself.')
