/** What the kernel knows of a request beyond the request itself. */
export interface RequestInfo {
  /** The value of the answer's `x-request-id`. */
  readonly id: string
  /** Address of the peer; of the nearest reverse proxy where one stands in front. Empty in tests without a socket. */
  readonly ip: string
}

const known = new WeakMap<Request, RequestInfo>()

/** Id and peer of a request that the kernel's server handed to a route. */
export const requestInfo = (request: Request): RequestInfo => known.get(request) ?? { id: '', ip: '' }

/** For the server: makes `info` findable for as long as the request lives. */
export const rememberRequest = (request: Request, info: RequestInfo): void => void known.set(request, info)
