/** Which endpoint answers to a method and path. */
import type { Endpoint } from './endpoint.ts'

/** Path prefixes of the bases on the emulator's port. */
export const BASES = { labs: '/fx/api', api: '/v1', media: '/media' } as const
export type Base = keyof typeof BASES

export interface Route {
  readonly endpoint: Endpoint
  readonly base: Base
  /** The `{name}` parts of the path. */
  readonly parameters: Readonly<Record<string, string>>
}

interface Pattern {
  readonly endpoint: Endpoint
  readonly base: Base
  readonly expression: RegExp
}

export class Router {
  private readonly exact = new Map<string, Route>()
  private readonly patterns: Pattern[] = []

  constructor(endpoints: readonly Endpoint[]) {
    for (const endpoint of endpoints) {
      const base = baseOf(endpoint.path)
      const path = endpoint.path.replace(`{${base}}`, BASES[base])
      const key = `${endpoint.method} ${path}`
      if (path.includes('{')) {
        // Split so that only what stands between the parameters is taken literally.
        const source = path
          .split(/\{(\w+)\}/)
          .map((part, index) => (index % 2 === 1 ? `(?<${part}>[^/]+)` : RegExp.escape(part)))
          .join('')
        this.patterns.push({ endpoint, base, expression: new RegExp(`^${endpoint.method} ${source}$`) })
      } else if (this.exact.has(key)) {
        throw new Error(`Two endpoints answer to ${key}.`)
      } else {
        this.exact.set(key, { endpoint, base, parameters: {} })
      }
    }
  }

  find(method: string, path: string): Route | undefined {
    const key = `${method} ${path}`
    const exact = this.exact.get(key)
    if (exact) return exact
    for (const { endpoint, base, expression } of this.patterns) {
      const match = expression.exec(key)
      if (match) return { endpoint, base, parameters: match.groups ?? {} }
    }
    return undefined
  }
}

function baseOf(path: string): Base {
  if (path.startsWith('{labs}')) return 'labs'
  if (path.startsWith('{api}')) return 'api'
  if (path.startsWith('{media}')) return 'media'
  throw new Error(`The path "${path}" of an endpoint must begin with {labs}, {api} or {media}.`)
}
