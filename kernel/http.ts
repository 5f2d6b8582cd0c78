/**
 * The one server. Finds the route, counts the request as in flight on the plugin that owns it, and gives every answer
 * its request id. What it answers itself is only what no plugin can: unknown paths, wrong methods, too large bodies,
 * preflights, and 503 while stopping.
 */
import type { Server } from 'bun'
import { err, ok, type Result } from 'neverthrow'
import type { Bus } from './bus.ts'
import { type Fault, kernelFault, messageOf } from './fault.ts'
import { type RequestInfo, rememberRequest } from './request.ts'
import { errorBody, type Route, type RouteTable } from './routes.ts'
import { within } from './scope.ts'
import { releasing, type Seen } from './streams.ts'

/** Read at each request, since all but the listening address may change live. */
export interface HttpSettings {
  readonly corsOrigins: readonly string[]
  readonly maxBodyBytes: number
}

/** Bun refuses bodies over its own limit with an empty answer, so its limit stands far above ours. */
const HARD_BODY_LIMIT = 8 * 1024 ** 3
/** Seconds that a route which is not long-lived may be silent. */
const IDLE_TIMEOUT_S = 60

const EXPOSED =
  'x-request-id, x-flow2api-job, x-flow2api-ignored, location, preference-applied, retry-after, retry-after-ms, x-should-retry, openai-poll-after-ms, content-length, content-range, accept-ranges, content-disposition'

export class HttpServer {
  #table: RouteTable | undefined
  #server: Server<undefined> | undefined
  #stopping = false

  constructor(
    private readonly bus: Bus,
    private readonly settings: () => HttpSettings,
    /** Told the status of every answer that a plugin gave. */
    private readonly answered: (status: number) => void,
  ) {}

  /** Port 0 takes a free one; `url` tells which. */
  listen(host: string, port: number): Result<string, Fault> {
    try {
      this.#server = Bun.serve({
        hostname: host,
        port,
        idleTimeout: IDLE_TIMEOUT_S,
        maxRequestBodySize: HARD_BODY_LIMIT,
        development: false,
        // Otherwise a port that another gateway has would be shared with it.
        reusePort: false,
        fetch: (request, server) => this.#serve(request, server),
        error: cause => errorBody(500, { code: 'internal_error', message: `The gateway failed: ${messageOf(cause)}` }),
      })
      return ok(this.url)
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
      const why =
        code === 'EADDRINUSE'
          ? `Port ${port} on ${host} is already in use. Stop what listens there, or set another [server] port.`
          : `It was not possible to listen on ${host}:${port} (${messageOf(cause)}). Check [server] host and port.`
      return err(kernelFault('port_in_use', why, { cause }))
    }
  }

  get url(): string {
    const server = this.#server
    if (!server) return ''
    const host =
      server.hostname === '0.0.0.0' || server.hostname === '::' ? '127.0.0.1' : (server.hostname ?? '127.0.0.1')
    return `http://${host.includes(':') ? `[${host}]` : host}:${server.port}`
  }

  /** New requests go by this table from now on; those under way finish on theirs. */
  publish(table: RouteTable): void {
    this.#table = table
  }

  serves(method: string, path: string): boolean {
    return this.#table?.find(method, path) !== undefined
  }

  /** Requests that arrive from now on get 503. */
  refuse(): void {
    this.#stopping = true
  }

  /** Stops listening; resolves when what was under way has ended, or at once with `force`. */
  async stop(force = false): Promise<void> {
    this.#stopping = true
    await this.#server?.stop(force)
  }

  #serve(request: Request, server: Server<undefined>): Response | Promise<Response> {
    const id = `req_${crypto.randomUUID().replaceAll('-', '')}`
    const path = pathOf(request.url)
    if (this.#stopping)
      return finish(
        refusal(503, 'shutting_down', 'The gateway is stopping. Try again in a moment.', {
          'retry-after': '5',
          connection: 'close',
        }),
        id,
      )
    if (!this.#table)
      return finish(
        refusal(503, 'starting', 'The gateway is starting. Try again in a moment.', { 'retry-after': '1' }),
        id,
      )
    // Plugins read addresses, and would fail on what is none.
    if (!URL.canParse(request.url))
      return finish(
        refusal(400, 'invalid_value', 'The Host header is not the name of a host. Send the one that was connected to.'),
        id,
      )
    // Routers decode what stands in a path, and would fail on this.
    if (path.includes('%') && !decodes(path))
      return finish(
        refusal(
          400,
          'invalid_value',
          'The path has a % that is not followed by two hex digits of UTF-8. Encode it as %25.',
        ),
        id,
        this.#allowedOrigin(request),
      )
    const route = this.#table.find(request.method, path)
    if (!route) return this.#unrouted(request, path, id)
    const origin = route.cors ? this.#allowedOrigin(request) : undefined
    const { maxBodyBytes } = this.settings()
    const tooLarge = () => {
      const most = `${Math.floor(maxBodyBytes / 1024 ** 2)} MB`
      return finish(
        refusal(413, 'payload_too_large', `The body is larger than ${most}, the [server] max_body_mb of this gateway.`),
        id,
        origin,
      )
    }
    if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) return tooLarge()
    if (route.longLived) server.timeout(request, 0)
    const limited = request.headers.has('transfer-encoding') ? limitBody(request, maxBodyBytes) : undefined
    const inside = limited?.request ?? request
    rememberRequest(inside, infoOf(id, request, server))
    const dispatch = () => this.#dispatch(route, inside, path, id, origin)
    const answer = this.bus.scoped ? within({ requestId: id }, dispatch) : dispatch()
    if (!limited) return answer
    return answer.then(response => (limited.exceeded() ? tooLarge() : response))
  }

  async #dispatch(
    route: Route,
    request: Request,
    path: string,
    id: string,
    origin: string | undefined,
  ): Promise<Response> {
    const release = route.owner.hold(() => `${request.method} ${path}`)
    const began = performance.now()
    const plugin = route.owner.id
    if (this.bus.tapped) this.bus.recordArrival({ requestId: id, request, plugin })
    let response: Response
    try {
      response = await route.app.fetch(request.method === 'HEAD' ? asGet(request) : request)
    } catch (cause) {
      route.owner.failed('a route', cause)
      response = errorBody(500, kernelFault('internal_error', 'The gateway failed on this request.'))
    }
    this.answered(response.status)
    response = finish(response, id, origin)
    const { tapped } = this.bus
    if (tapped)
      this.bus.recordHttp({
        requestId: id,
        request,
        response,
        plugin,
        route: route.path,
        durationMs: performance.now() - began,
      })
    // Only event streams are wrapped: even to look at the body would cost a file its length and its fast path.
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      const ended = (seen: Seen) => this.bus.recordStream({ requestId: id, plugin, ...seen })
      return releasing(response, release, tapped ? ended : undefined)
    }
    release()
    return response
  }

  #unrouted(request: Request, path: string, id: string): Response {
    const methods = this.#table?.methodsOf(path) ?? []
    const sample = methods[0] === undefined ? undefined : this.#table?.find(methods[0], path)
    // A page that asks for what is not there is to read so, instead of a failure that names no cause.
    const open = sample === undefined || sample.cors
    const origin = open ? this.#allowedOrigin(request) : undefined
    if (request.method === 'OPTIONS' && (methods.length > 0 || origin !== undefined))
      return finish(preflight(request, methods.length > 0 ? methods : ['GET', 'POST', 'DELETE'], origin), id, origin)
    if (methods.length === 0)
      return finish(
        refusal(404, 'not_found', `There is nothing at ${path}. GET /swagger lists what there is.`),
        id,
        origin,
      )
    const allow = methods.join(', ')
    return finish(
      refusal(405, 'method_not_allowed', `${path} answers ${allow}, not ${request.method}.`, { allow }),
      id,
      origin,
    )
  }

  #allowedOrigin(request: Request): string | undefined {
    const origin = request.headers.get('origin')
    if (!origin) return undefined
    const { corsOrigins } = this.settings()
    if (corsOrigins.includes('*')) return '*'
    return corsOrigins.includes(origin) ? origin : undefined
  }
}

/** Few ask for the address, and it is not free. */
const infoOf = (id: string, request: Request, server: Server<undefined>): RequestInfo => ({
  id,
  get ip() {
    return server.requestIP(request)?.address ?? ''
  },
})

/** The path of an absolute URL, without building a URL object for each request. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('//') + 2)
  if (start < 0) return '/'
  const end = url.indexOf('?', start)
  return end < 0 ? url.slice(start) : url.slice(start, end)
}

function decodes(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}

const refusal = (status: number, code: string, message: string, headers: Record<string, string> = {}) => {
  const response = errorBody(status, { code, message })
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value)
  return response
}

/** The same request, whose body fails once more than `most` bytes have come: one without a length is not known before. */
function limitBody(request: Request, most: number) {
  let bytes = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > most) controller.error(new Error('the body is too large'))
      else controller.enqueue(chunk)
    },
  })
  const body = request.body?.pipeThrough(counter) ?? null
  return { request: new Request(request, { body }), exceeded: () => bytes > most }
}

/** Bun leaves the body out of the answer to HEAD and keeps its length. */
const asGet = (request: Request) =>
  new Request(request.url, { method: 'GET', headers: request.headers, signal: request.signal })

/** Source: api-surfaces C.2. The key is not yet there, so it is answered before any authentication. */
function preflight(request: Request, methods: readonly string[], origin: string | undefined): Response {
  const headers = new Headers({ allow: [...methods, 'OPTIONS'].join(', ') })
  if (origin) {
    headers.set('access-control-allow-methods', [...methods, 'OPTIONS'].join(', '))
    headers.set(
      'access-control-allow-headers',
      request.headers.get('access-control-request-headers') ?? 'authorization, content-type',
    )
    headers.set('access-control-max-age', '86400')
  }
  return new Response(null, { status: 204, headers })
}

function finish(response: Response, id: string, origin?: string): Response {
  const headers = (into: Headers) => {
    into.set('x-request-id', id)
    if (!origin) return
    into.set('access-control-allow-origin', origin)
    into.set('access-control-expose-headers', EXPOSED)
    if (origin !== '*') into.append('vary', 'Origin')
  }
  try {
    headers(response.headers)
    return response
  } catch {
    // An answer that came from a fetch has headers that cannot be changed.
    const copy = new Response(response.body, response)
    headers(copy.headers)
    return copy
  }
}
