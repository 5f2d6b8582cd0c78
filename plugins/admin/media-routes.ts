/** What jobs made, from the console's own origin: its policy lets pages load nothing from elsewhere. */
import { domainFault, faultResponse, type JobEngine } from 'flow2api/contracts'
import { Elysia, type Slot } from 'flow2api/plugin'
import { type Admin, allowed } from './routes.ts'

/** Formats that browsers show and that cannot carry a script. */
const SHOWN = /^(image\/(jpeg|png|webp|gif|avif)|video\/(mp4|webm|quicktime))$/

export const mediaRoutes = (admin: Admin, jobs: Slot<JobEngine>) =>
  new Elysia().get(
    '/admin/api/jobs/:id/media/:index',
    ({ request, params, query }) =>
      allowed(admin, request, 'admin', async () => {
        const index = /^\d{1,2}$/.test(params.index) ? Number(params.index) : -1
        const engine = jobs.current
        if (!engine) return gone('Nothing generates here. Switch on the plugin `generation`.')
        const opened = await engine.open(params.id, index, query['variant'] === 'thumbnail' ? 'thumbnail' : 'media')
        if (opened.isErr()) return faultResponse(opened.error)
        const { mime } = opened.value
        const type = SHOWN.test(mime) ? mime : 'application/octet-stream'
        const headers = {
          'content-type': type,
          'x-content-type-options': 'nosniff',
          // Finished media never changes; only this browser may keep it.
          'cache-control': 'private, max-age=3600',
          'accept-ranges': 'bytes',
        }
        if ('body' in opened.value) {
          // A Blob refuses shared memory, which downloaded bytes never are; the contract's type does not say so.
          return new Response(new Blob([opened.value.body as Uint8Array<ArrayBuffer>]), { headers })
        }
        const file = Bun.file(opened.value.path)
        // Bun answers ranges of files by itself.
        return (await file.exists()) ? new Response(file, { headers }) : gone('This file has expired from the cache.')
      }),
    {
      detail: {
        tags: ['Admin'],
        summary: 'Media of a job',
        description: 'The finished piece of that number, from 0; `variant=thumbnail` for a still picture of a video.',
      },
    },
  )

const gone = (message: string) => faultResponse(domainFault('not_found', message))
