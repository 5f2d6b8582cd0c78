/** By what a repeated request is recognised. */
import { isValues, type Values } from './values.ts'

/**
 * SHA-256 over the endpoint and the body as it was read: the order of an object's keys and a form's boundary make no
 * difference, the order of a list and every byte of a file do. A promise only where there are files, which only a form
 * has.
 */
export function fingerprintOf(endpoint: string, values: Values, isForm = false): string | Promise<string> {
  const files = isForm ? filesIn(values) : []
  return files.length === 0
    ? sha256(canonical(endpoint, values))
    : Promise.all(files.map(async file => [file, sha256(await file.bytes())] as const)).then(hashed =>
        sha256(canonical(endpoint, values, new Map(hashed))),
      )
}

const sha256 = (content: string | Uint8Array): string => Bun.CryptoHasher.hash('sha256', content, 'hex')

function filesIn(values: Values): readonly Blob[] {
  const files: Blob[] = []
  const left: unknown[] = [values]
  while (left.length > 0) {
    const value = left.pop()
    if (value instanceof Blob) files.push(value)
    else if (Array.isArray(value)) left.push(...value)
    else if (isValues(value)) left.push(...Object.values(value))
  }
  return files
}

/** What is still to be written: a piece of text, or a value of the body. */
type Step = { readonly text: string } | { readonly value: unknown }

function canonical(endpoint: string, values: Values, files?: ReadonlyMap<Blob, string>): string {
  let text = `${endpoint}\n`
  // A stack of its own: a body may nest deeper than calls can.
  const steps: Step[] = [{ value: values }]
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if ('text' in step) text += step.text
    // No JSON begins like this, so no text can pass for a file.
    else if (step.value instanceof Blob) text += `file:${files?.get(step.value)}`
    else if (Array.isArray(step.value)) pushList(steps, step.value)
    else if (isValues(step.value)) {
      const flat = flatObject(step.value)
      if (flat === undefined) pushObject(steps, step.value)
      else text += flat
    } else text += JSON.stringify(step.value) ?? 'null'
  }
  return text
}

/** Most bodies hold nothing but texts and numbers, and are written at once. */
function flatObject(values: Values): string | undefined {
  let text = '{'
  for (const key of Object.keys(values).sort()) {
    const value = values[key]
    if (typeof value === 'object' && value !== null) return undefined
    text += `${JSON.stringify(key)}:${JSON.stringify(value)},`
  }
  return `${text}}`
}

/** Last first, as a stack gives them back. */
function pushList(steps: Step[], list: readonly unknown[]): void {
  steps.push({ text: ']' })
  for (const value of list.toReversed()) steps.push({ text: ',' }, { value })
  steps.push({ text: '[' })
}

function pushObject(steps: Step[], values: Values): void {
  steps.push({ text: '}' })
  for (const key of Object.keys(values).sort().reverse())
    steps.push({ text: ',' }, { value: values[key] }, { text: `${JSON.stringify(key)}:` })
  steps.push({ text: '{' })
}
