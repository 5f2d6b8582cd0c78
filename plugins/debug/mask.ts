/** Anything that passes the bus, as one line of text that may be logged. Pure; never throws; never reads a body. */
import { HIDDEN, hideUnder, isPasswordName, isSecretName, leaveOutMedia, maskText } from './secrets.ts'

export interface ShowOptions {
  /** `[debug] mask_token`. */
  readonly mask: boolean
  /** Longest line, in characters. */
  readonly maxChars?: number
}

const MAX_CHARS = 4096
const MAX_TEXT = 1000
/** More than this is not even looked at. */
const MAX_READ = 16_384
const MAX_ITEMS = 20
const MAX_KEYS = 50
const MAX_DEPTH = 8
/** Secrets shorter than this cannot be told from words when they turn up elsewhere. */
const SHORTEST_REPEATED = 6

/** JSON, or as near as it comes. Secrets are masked by name, by look, and wherever a named one turns up again. */
export function show(value: unknown, { mask, maxChars = MAX_CHARS }: ShowOptions): string {
  const named = new Map<string, string>()
  // The first round only finds out what is secret: it may stand in a message before it stands under its name.
  if (mask) new Walk(mask, named).visit(value)
  const text = JSON.stringify(new Walk(mask, named).visit(value)) ?? 'undefined'
  return text.length <= maxChars ? text : `${text.slice(0, maxChars)}… (${text.length} characters)`
}

/** An address, or any other piece of text. */
export function showText(text: string, { mask, maxChars = MAX_TEXT }: ShowOptions): string {
  const readable = leaveOutMedia(text)
  // The last word may be half of a secret, which then does not look like one.
  const read = readable.length <= MAX_READ ? readable : readable.slice(0, MAX_READ).replace(/\S+$/, '')
  const clean = mask ? maskText(read) : read
  return clean.length <= maxChars && read === readable ? clean : `${clean.slice(0, maxChars)}…`
}

class Walk {
  readonly #path = new Set<object>()
  #secretAbove: string | undefined

  constructor(
    private readonly mask: boolean,
    /** What was found under secret names → what is shown instead. */
    private readonly named: Map<string, string>,
  ) {}

  visit(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.#text(value)
      case 'number':
      case 'bigint':
        return this.#secretAbove !== undefined && isPasswordName(this.#secretAbove) ? HIDDEN : Number(value)
      case 'function':
        return '<function>'
      case 'symbol':
        return '<symbol>'
      case 'object':
        return value === null ? null : this.#object(value)
      default:
        return value
    }
  }

  #text(text: string): string {
    if (this.#secretAbove !== undefined) {
      const shown = hideUnder(this.#secretAbove, text)
      if (text.length >= SHORTEST_REPEATED) this.named.set(text, shown)
      return shown
    }
    let clean = text
    // Longest first: one secret may be part of another.
    for (const [secret, shown] of [...this.named].sort(([a], [b]) => b.length - a.length))
      clean = clean.replaceAll(secret, () => shown)
    return showText(clean, { mask: this.mask })
  }

  #object(value: object): unknown {
    if (this.#path.has(value)) return '<circular>'
    if (this.#path.size >= MAX_DEPTH) return '<deeper>'
    this.#path.add(value)
    try {
      const opaque = opaqueForm(value)
      if (opaque !== undefined) return opaque
      if (value instanceof URL) return this.#text(value.href)
      if (Array.isArray(value) || value instanceof Set) return this.#list([...value])
      return this.#entries(entriesOf(value))
    } catch {
      return '<unreadable>'
    } finally {
      this.#path.delete(value)
    }
  }

  #list(items: readonly unknown[]): unknown[] {
    const shown = items.slice(0, MAX_ITEMS).map(item => this.visit(item))
    return items.length > MAX_ITEMS ? [...shown, `<${items.length - MAX_ITEMS} more>`] : shown
  }

  #entries(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
    const result: Record<string, unknown> = Object.create(null)
    for (const [key, item] of entries.slice(0, MAX_KEYS)) {
      const above = this.#secretAbove
      if (this.mask && isSecretName(key)) this.#secretAbove ??= key
      const shown = this.visit(item)
      this.#secretAbove = above
      result[this.#key(key)] = shown
    }
    if (entries.length > MAX_KEYS) result['…'] = `<${entries.length - MAX_KEYS} more>`
    return result
  }

  /** A table may have secrets for keys. */
  #key(key: string): string {
    return this.#secretAbove === undefined ? this.#text(key) : showText(key, { mask: this.mask })
  }
}

/** What is only named: bytes, streams and things without readable content. */
function opaqueForm(value: object): string | undefined {
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer || ArrayBuffer.isView(value))
    return `<${value.byteLength} bytes>`
  if (value instanceof Blob) return `<${value.size} bytes${value.type && `, ${value.type}`}>`
  if (value instanceof ReadableStream) return '<stream>'
  if (value instanceof AbortSignal) return value.aborted ? '<signal, aborted>' : '<signal>'
  if (value instanceof Promise) return '<promise>'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '<no date>' : value.toISOString()
  return value instanceof RegExp ? String(value) : undefined
}

/** An API key in an address is hidden whatever the settings say: addresses are copied from logs without a thought. */
export const withoutKey = (url: string): string => url.replaceAll(/([?&]key=)[^&#]*/gi, `$1${HIDDEN}`)

/** Keys and values of whatever has some. A getter that throws spoils only its own value. */
function entriesOf(value: object): [string, unknown][] {
  if (value instanceof Request)
    return [
      ['method', value.method],
      ['url', withoutKey(value.url)],
      ['headers', value.headers],
    ]
  if (value instanceof Response)
    return [
      ['status', value.status],
      ['headers', value.headers],
    ]
  if (value instanceof Headers || value instanceof FormData || value instanceof URLSearchParams)
    return [...value.entries()]
  if (value instanceof Map) return [...value].map(([key, item]) => [String(key), item])
  const own = Object.keys(value).map((key): [string, unknown] => {
    try {
      return [key, Reflect.get(value, key)]
    } catch {
      return [key, '<unreadable>']
    }
  })
  if (!(value instanceof Error)) return own
  // Of an error the interesting parts are not enumerable; its stack is not for people who debug requests.
  const cause: [string, unknown][] = value.cause === undefined ? [] : [['cause', value.cause]]
  return [['name', value.name], ['message', value.message], ...cause, ...own.filter(([key]) => key !== 'stack')]
}
