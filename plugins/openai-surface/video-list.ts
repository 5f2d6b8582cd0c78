/** `GET /v1/videos`: page by page. */
import { faultResponse } from 'flow2api/contracts'
import { ok } from 'flow2api/plugin'
import { Fields } from './fields.ts'
import type { Surface } from './surface.ts'
import { findVideo } from './video-lookup.ts'
import { videoObject } from './video-object.ts'

const DEFAULT_PAGE = 20
const LONGEST_PAGE = 100

export async function listVideos(surface: Surface, request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams
  const fields = new Fields({ values: Object.fromEntries(query), textual: true })
  const limit = fields.whole('limit', 1, LONGEST_PAGE) ?? DEFAULT_PAGE
  const order = fields.oneOf('order', ['asc', 'desc']) ?? 'desc'
  const behind = fields.text('after')
  if (fields.fault !== undefined) return faultResponse(fields.fault)
  const after = behind === undefined ? ok(undefined) : await findVideo(surface, behind, 'after')
  if (after.isErr()) return faultResponse(after.error)
  const page = await surface.jobs.list({
    kind: 'video',
    limit,
    order,
    ...(after.value !== undefined && { after: after.value.id }),
  })
  if (page.isErr()) return faultResponse(page.error)
  const data = page.value.jobs.map(job => videoObject(job, surface.remixes))
  return Response.json({
    object: 'list',
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: page.value.more && data.length > 0,
  })
}
