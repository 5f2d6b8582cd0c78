/** `files`: what a finished piece is, and its bytes (api-surfaces B.6). */
import {
  domainFault,
  downloadResponse,
  FINAL,
  findJob,
  type Job,
  jobResponse,
  openMedia,
  outcomeFault,
  type SurfaceWorld,
} from 'flow2api/contracts'
import { Elysia, err, errAsync, type Fault, ok, type ResultAsync } from 'flow2api/plugin'
import { FILE_DOCS } from './docs.ts'
import { operationError } from './errors.ts'
import { type FileName, fileId, parseFileId } from './ids.ts'
import { fileUri } from './media.ts'
import { authenticated, PREFIXES } from './surface.ts'

const DOWNLOAD = ':download'

export const fileRoutes = (world: SurfaceWorld) => {
  const app = new Elysia()
  for (const prefix of PREFIXES)
    app.get(
      `${prefix}/files/:file`,
      ({ request, params }) => authenticated(world, request, () => answer(world, request, params.file)),
      { detail: FILE_DOCS[prefix] },
    )
  return app
}

async function answer(world: SurfaceWorld, request: Request, written: string): Promise<Response> {
  const wantsBytes = written.endsWith(DOWNLOAD) || new URL(request.url).searchParams.get('alt') === 'media'
  const id = written.endsWith(DOWNLOAD) ? written.slice(0, -DOWNLOAD.length) : written
  const found = await findFile(world, id)
  if (found.isErr()) return world.refuse(found.error)
  const { job, index } = found.value
  if (!wantsBytes) return jobResponse(fileBody(world, request, job, index), job.id)
  if (!FINAL.has(job.status)) {
    const message = `This file is not ready yet (${job.progress} % done). Ask for it until its state is ACTIVE.`
    return world.refuse(domainFault('video_not_ready', message), job.id)
  }
  const fault = outcomeFault(job)
  // Asking for the same file again cannot bring it back, whatever a new request could.
  if (fault !== undefined && job.media[index] === undefined) return world.refuse({ ...fault, retry: 'never' }, job.id)
  const opened = await openMedia(world.jobs, job.id, index)
  if (opened.isErr()) return world.refuse(opened.error, job.id)
  const download = { ...opened.value, jobId: job.id, name: fileId(job, index) }
  return downloadResponse(request, download, fault => world.refuse(fault, job.id))
}

interface Found extends FileName {
  readonly job: Job
}

/** Error: `not_found`. */
function findFile({ jobs }: SurfaceWorld, id: string): ResultAsync<Found, Fault> {
  const name = parseFileId(id)
  const missing = () =>
    domainFault('not_found', `There is no file ${id.slice(0, 80)}. Files are named by finished operations.`, {
      param: 'name',
    })
  if (name === undefined) return errAsync(missing())
  return findJob(jobs, name.jobId, missing).andThen(job => {
    const none = job.status === 'completed' && job.media[name.index] === undefined
    return none ? err(missing()) : ok({ ...name, job })
  })
}

function fileBody(world: SurfaceWorld, { headers }: Request, job: Job, index: number): object {
  const media = job.media[index]
  const fault = outcomeFault(job)
  const state = media !== undefined ? 'ACTIVE' : fault === undefined ? 'PROCESSING' : 'FAILED'
  const uri = fileUri(world, headers, job, index)
  return {
    name: `files/${fileId(job, index)}`,
    mimeType: media?.mime ?? (job.kind === 'video' ? 'video/mp4' : 'image/png'),
    ...(media !== undefined && media.bytes > 0 && { sizeBytes: String(media.bytes) }),
    createTime: new Date(job.createdAt).toISOString(),
    updateTime: new Date(job.finishedAt ?? job.createdAt).toISOString(),
    uri,
    downloadUri: uri,
    state,
    source: 'GENERATED',
    ...(media?.duration_s != null && { videoMetadata: { videoDuration: `${media.duration_s}s` } }),
    ...(state === 'FAILED' && fault !== undefined && { error: operationError(fault) }),
  }
}
