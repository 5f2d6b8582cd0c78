/** By what a repeated request is recognised. */
import { isValues, type Values } from './body.ts'

/** What is still to be hashed: a piece of text, or a value of the body. */
type Step = { readonly text: string } | { readonly value: unknown }

/**
 * SHA-256 over the endpoint and the body as it was read: the order of an object's keys and a form's boundary make no
 * difference, the order of a list and every byte of a file do.
 */
export async function fingerprintOf(endpoint: string, values: Values): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256').update(`${endpoint}\n`)
  // A stack of its own: a body may nest deeper than calls can.
  const steps: Step[] = [{ value: values }]
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    if ('text' in step) hash.update(step.text)
    // No JSON begins like this, so no text can pass for a file.
    else if (step.value instanceof Blob) hash.update(`file:${sha256(await step.value.bytes())}`)
    else if (Array.isArray(step.value)) for (const inner of listSteps(step.value)) steps.push(inner)
    else if (isValues(step.value)) for (const inner of objectSteps(step.value)) steps.push(inner)
    else hash.update(JSON.stringify(step.value) ?? 'null')
  }
  return hash.digest('hex')
}

const sha256 = (bytes: Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

/** Last first, as a stack gives them back. */
const listSteps = (list: readonly unknown[]): readonly Step[] => [
  { text: ']' },
  ...list.toReversed().flatMap(value => [{ text: ',' }, { value }]),
  { text: '[' },
]

const objectSteps = (values: Values): readonly Step[] => [
  { text: '}' },
  ...Object.keys(values)
    .sort()
    .reverse()
    .flatMap(key => [{ text: ',' }, { value: values[key] }, { text: `${JSON.stringify(key)}:` }]),
  { text: '{' },
]
