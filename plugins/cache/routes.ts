/** `GET /tmp/{file}`: whoever knows the name may have the file. Bun answers `Range` and `If-Range` for files by itself. */
import { basename, extname } from 'node:path'
import { type AnyElysia, Elysia, type Fault, type Result, t } from 'flow2api/plugin'
import type { Located } from './store.ts'

/** How long a file may be stored by others, where it does not expire here. */
const A_YEAR_S = 365 * 24 * 3600

export interface Shelf {
  locate(file: string): Promise<Result<Located, Fault>>
  /** Milliseconds that a file has left; undefined: it does not expire. */
  timeLeft(keptAt: number): number | undefined
}

export function routes(shelf: Shelf): AnyElysia {
  return new Elysia().get(
    '/tmp/:file',
    async ({ params, request }) => {
      const located = await shelf.locate(params.file)
      return located.match(
        file => serve(request, file, shelf.timeLeft(file.keptAt)),
        fault =>
          Response.json(
            { error: { message: fault.message, type: 'invalid_request_error', param: null, code: fault.code } },
            { status: 404, headers: { 'cache-control': 'no-store' } },
          ),
      )
    },
    {
      params: t.Object({ file: t.String({ description: 'As the result of a request named it.' }) }),
      detail: {
        tags: ['Media'],
        summary: 'A finished picture or video',
        description:
          'Open to whoever knows its unguessable name, for as long as [cache] timeout says. Answers GET and HEAD, ranges and conditional requests.',
      },
    },
  )
}

function serve(request: Request, file: Located, timeLeftMs: number | undefined): Response {
  const name = basename(file.path)
  const etag = `"${basename(name, extname(name))}"`
  const modified = new Date(file.keptAt)
  const maxAge = timeLeftMs === undefined ? A_YEAR_S : Math.max(0, Math.floor(timeLeftMs / 1000))
  const headers = {
    etag,
    'last-modified': modified.toUTCString(),
    // A name never means anything else.
    'cache-control': `public, max-age=${maxAge}, immutable`,
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
  }
  if (isFresh(request.headers, etag, modified)) return new Response(null, { status: 304, headers })
  return new Response(Bun.file(file.path), {
    headers: {
      ...headers,
      'content-type': file.mime,
      'content-disposition': `inline; filename="${name}"`,
      'accept-ranges': 'bytes',
    },
  })
}

/** Whether the caller has it already (RFC 9110, 13.1.2 and 13.1.3). */
function isFresh(headers: Headers, etag: string, modified: Date): boolean {
  const tags = headers.get('if-none-match')
  if (tags !== null) return tags.split(',').some(tag => ['*', etag].includes(tag.trim().replace(/^W\//, '')))
  const since = Date.parse(headers.get('if-modified-since') ?? '')
  // HTTP dates have no milliseconds.
  return Math.floor(modified.getTime() / 1000) * 1000 <= since
}
