/** What a fuzzed request is made of. */
export interface FuzzRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: FuzzBody
  /** `refused`: it has a definite mistake, so anything but a 4xx is wrong. */
  readonly expect: 'refused' | 'anything'
  /** The field that the refusal has to name. */
  readonly param?: string
}

export type FuzzBody =
  | { readonly json: unknown }
  | { readonly fields: readonly Field[] }
  /** Latin-1: one character a byte. */
  | { readonly raw: string; readonly type: string }
  /** A body that would only fill reports: `[[[[…` and the like. */
  | { readonly repeat: string; readonly times: number; readonly type: string }

/** A field of a form; a file where it has a name of one. Latin-1, as `raw`. */
export interface Field {
  readonly name: string
  readonly value: string
  readonly filename?: string
}

/** Nobody serves it: whatever else a request with it says, nothing can be paid for. */
export const NO_MODEL = 'no-such-model-here'

export const bytesOf = (latin1: string): Uint8Array<ArrayBuffer> => new Uint8Array(Buffer.from(latin1, 'latin1'))

export const BOUNDARY = 'fuzz'

export const formText = (fields: readonly Field[]): string =>
  `${fields
    .map(({ name, value, filename }) => {
      const file = filename === undefined ? '' : `; filename="${filename}"`
      return `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n${value}\r\n`
    })
    .join('')}--${BOUNDARY}--\r\n`

/** Type and bytes, as they are sent. */
export function encoded(body: FuzzBody): { readonly type: string; readonly bytes: Uint8Array<ArrayBuffer> } {
  if ('json' in body)
    return { type: 'application/json', bytes: new Uint8Array(Buffer.from(JSON.stringify(body.json) ?? '')) }
  if ('fields' in body)
    return { type: `multipart/form-data; boundary=${BOUNDARY}`, bytes: bytesOf(formText(body.fields)) }
  return { type: body.type, bytes: bytesOf('raw' in body ? body.raw : body.repeat.repeat(body.times)) }
}
