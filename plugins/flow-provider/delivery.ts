/** A video that Flow has finished: where its file is, and whether another step follows (PROTOCOL.md 2.17, 2.18). */
import type { MediaSource, OperationStatus, Session, SessionAccount } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Aspect } from './aspects.ts'
import type { VideoOperation } from './operation.ts'
import { USUAL_SECONDS, writeOrigin } from './origin.ts'
import { type Found, lookUpVideo, mediaUrl } from './redirect.ts'
import { readSessionToken } from './session-token.ts'
import { type Size, sizeAt } from './sizes.ts'
import { FINISHED_NOT_READY } from './stages.ts'
import { writeStep } from './steps.ts'
import type { Tools } from './tools.ts'
import type { VideoAnswer } from './video-readers.ts'

/** In vain, until the media is looked up instead; then every so many rounds, since the answer may be the whole video. */
const ROUNDS_BEFORE_LOOKUP = 5

export async function deliver(
  tools: Tools,
  operation: VideoOperation,
  video: VideoAnswer,
  credits: number | undefined,
  account: SessionAccount,
  session: Session,
): Promise<Result<OperationStatus, Fault>> {
  const found = video.url === undefined ? await find(tools, operation.name, account, session) : ok({ url: video.url })
  // The video exists: a way that is blocked for the moment is no reason to call the round a failure.
  if (found.isErr()) return isPassing(found.error) ? ok(FINISHED_NOT_READY) : err(found.error)
  if (found.value === undefined) return ok(FINISHED_NOT_READY)
  tools.lateness.over(operation.name)
  const mediaId = video.mediaId ?? operation.name
  const media = [sourceOf(tools, operation, mediaId, video, found.value)]
  const left = credits === undefined ? {} : { credits }
  const { model, projectId, seconds } = operation
  switch (operation.follow) {
    case undefined:
      return ok({ state: 'done', media, ...left })
    case 'upsample':
      return ok({
        state: 'next',
        step: writeStep({ kind: 'video_upsample', model, projectId, mediaId, seconds }),
        media,
        ...left,
      })
    case 'concatenate': {
      const clips = [...(operation.clips ?? []), { mediaId, seconds: seconds ?? USUAL_SECONDS }]
      return ok({ state: 'next', step: writeStep({ kind: 'concatenate', model, projectId, clips }), media, ...left })
    }
  }
}

async function find(
  { client, lateness }: Tools,
  name: string,
  account: SessionAccount,
  session: Session,
): Promise<Result<Found | undefined, Fault>> {
  const token = readSessionToken(account.secret)
  if (token.isErr()) return err(token.error)
  const redirected = await mediaUrl(client, name, 'MEDIA_URL_TYPE_FULL_MEDIA', token.value, session)
  if (redirected.isErr() && !isPassing(redirected.error)) return err(redirected.error)
  if (redirected.isOk() && redirected.value !== undefined) return ok({ url: redirected.value })
  return lateness.again(name) % ROUNDS_BEFORE_LOOKUP === 0
    ? await lookUpVideo(client, name, account.access, session)
    : ok(undefined)
}

function sourceOf(
  { catalogue }: Tools,
  operation: VideoOperation,
  mediaId: string,
  video: VideoAnswer,
  found: Found,
): MediaSource {
  const { model, projectId, seconds, base } = operation
  const aspect = catalogue.find(model)?.aspect
  const size = sizeOf(operation, video, aspect)
  return {
    ...found,
    mime: 'video/mp4',
    ...size,
    ...(seconds !== undefined && { durationSeconds: seconds }),
    origin: writeOrigin({
      mediaId,
      projectId,
      kind: 'video',
      model,
      aspect: aspect ?? '',
      seconds,
      base,
      thumbnailUrl: video.thumbnailUrl,
    }),
  }
}

/** What the answer says that it is comes before what was asked for. */
function sizeOf(
  { width, height }: VideoOperation,
  { resolution }: VideoAnswer,
  aspect: Aspect | undefined,
): Partial<Size> {
  const said =
    resolution === undefined || aspect === undefined ? undefined : sizeAt({ kind: 'video', aspect }, resolution)
  return said ?? (width !== undefined && height !== undefined ? { width, height } : {})
}

const PASSING: ReadonlySet<string> = new Set([
  'upstream_timeout',
  'upstream_unreachable',
  'proxy_unreachable',
  'proxy_refused',
])

const isPassing = ({ code }: Fault): boolean => PASSING.has(code)
