/** `/admin`: the console's page and its files, under a policy that lets in nothing from elsewhere. */
import { randomBytes } from 'node:crypto'
import { domainFault, faultResponse } from 'flow2api/contracts'
import { type AnyElysia, Elysia } from 'flow2api/plugin'
import { ASSETS, type ConsoleAssets, type Encoding } from './assets.ts'

/** Each is the same page; which one it shows is decided in the browser. */
const PAGES = [
  '',
  '/accounts',
  '/playground',
  '/jobs',
  '/jobs/:id',
  '/settings',
  '/settings/:section',
  '/plugins',
  '/proxies',
  '/alerts',
  '/logs',
  '/audit',
  '/doctor',
  '/security',
] as const

/** Stands in the page where the number of this answer belongs. */
const NONCE = '__NONCE__'

/**
 * Scripts come from files of this origin alone: neither inline nor `eval`. Style sheets that the components make while
 * they run carry the nonce. `blob:` and `data:` are pictures that the operator is about to send.
 */
const policy = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "font-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

const A_YEAR_S = 31_536_000

export function consolePages(assets: ConsoleAssets): AnyElysia {
  const page = async () => {
    const { html } = await assets.load()
    const nonce = randomBytes(16).toString('base64')
    return new Response(html.replaceAll(NONCE, nonce), {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'content-security-policy': policy(nonce),
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'permissions-policy': 'camera=(), microphone=(), geolocation=()',
      },
    })
  }
  let app: AnyElysia = new Elysia({ detail: { hide: true } }).get(`${ASSETS}:file`, async ({ request, params }) => {
    const asset = (await assets.load()).files.get(params.file)
    if (!asset)
      return faultResponse(domainFault('not_found', 'This file belongs to another version of the console. Reload it.'))
    const encoding = encodingOf(request.headers.get('accept-encoding') ?? '')
    return new Response(await asset.form(encoding), {
      headers: {
        'content-type': asset.type,
        'cache-control': `public, max-age=${A_YEAR_S}, immutable`,
        'x-content-type-options': 'nosniff',
        vary: 'accept-encoding',
        ...(encoding !== 'identity' && { 'content-encoding': encoding }),
      },
    })
  })
  for (const path of PAGES) app = app.get(`/admin${path}`, page)
  return app
}

const encodingOf = (accepted: string): Encoding => {
  const names = accepted.split(',').map(part => part.split(';')[0]?.trim())
  return names.includes('br') ? 'br' : names.includes('gzip') ? 'gzip' : 'identity'
}
