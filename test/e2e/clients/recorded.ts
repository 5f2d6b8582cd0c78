/** Requests as real clients were seen to send them (api-surfaces C), byte by byte where that matters. */
import { API_KEY } from '../../fixtures/accounts.ts'

export interface Recorded {
  readonly method?: 'GET' | 'POST'
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  readonly form?: readonly Part[]
}

/** A field, or a file with the name and the type that the client declares. */
export type Part =
  | readonly [name: string, value: string]
  | readonly [name: string, bytes: Uint8Array, filename: string, type: string]

const BOUNDARY = '----formdata-undici-061593571634'

function multipart(parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  const pieces = parts.flatMap(([name, value, filename, type]) => {
    const file = filename === undefined ? '' : `; filename="${filename}"\r\nContent-Type: ${type}`
    return [
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`,
      typeof value === 'string' ? value : new Uint8Array(value),
      '\r\n',
    ]
  })
  return new Uint8Array(Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map(piece => Buffer.from(piece))))
}

const typed = { 'content-type': 'application/json' }

/** For `fetch`. */
export const initOf = ({ method = 'POST', headers, json, form }: Recorded): RequestInit => ({
  method,
  headers: {
    authorization: `Bearer ${API_KEY}`,
    ...(json !== undefined && typed),
    ...(form !== undefined && { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }),
    ...headers,
  },
  ...(json !== undefined && { body: JSON.stringify(json) }),
  ...(form !== undefined && { body: multipart(form) }),
})

/** What the official libraries say of themselves. */
export const stainless = (language: 'js' | 'python', version: string): Readonly<Record<string, string>> => ({
  'user-agent': language === 'js' ? `OpenAI/JS ${version}` : `OpenAI/Python ${version}`,
  'x-stainless-lang': language,
  'x-stainless-package-version': version,
  'x-stainless-os': 'Linux',
  'x-stainless-arch': 'x64',
  'x-stainless-runtime': language === 'js' ? 'node' : 'CPython',
  'x-stainless-retry-count': '0',
  'x-stainless-timeout': '600',
})

/** The content of each `data:` line, as line-based readers see it; lines longer than Python's readers take fail. */
export function linesOf(text: string): readonly string[] {
  const lines = text.split('\n')
  const longest = Math.max(...lines.map(line => Buffer.byteLength(line)))
  if (longest >= 131_072) throw new Error(`a line of ${longest} bytes`)
  return lines.filter(line => line.startsWith('data: ')).map(line => line.slice(6))
}
