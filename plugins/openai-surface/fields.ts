/** Typed reading of a request body. An explicit null is an absent field; what nobody asks for is ignored, and known. */
import { domainFault, type Values } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import type { Body } from './body.ts'

/** Collects the first mistake instead of throwing, so that a handler reads all fields and then looks once. */
export class Fields {
  #fault: Fault | undefined
  readonly #body: Body
  /** Names that somebody asked for. */
  readonly #known = new Set<string>(['extra_body'])
  readonly #useless: string[] = []
  #fallback: Values = {}

  constructor(body: Body) {
    this.#body = body
  }

  /** The first mistake that was found. */
  get fault(): Fault | undefined {
    return this.#fault
  }

  get body(): Body {
    return this.#body
  }

  /** Another place where clients put fields; what stands in its own place wins. */
  fallBackTo(values: Values): void {
    this.#fallback = values
  }

  /** The field was read, and has no effect on this request. */
  ignore(name: string): void {
    if (this.raw(name) !== undefined) this.#useless.push(name)
  }

  /** What the caller sent that had no effect, in the order of the body. Complete once everything was read. */
  get ignored(): readonly string[] {
    const { values } = this.#body
    const ignored: string[] = []
    for (const name in values)
      if ((!this.#known.has(name) || this.#useless.includes(name)) && this.#said(values[name]) !== undefined)
        ignored.push(name)
    return ignored
  }

  /** As it came. */
  raw(name: string): unknown {
    this.#known.add(name)
    return this.#said(this.#body.values[name]) ?? this.#said(this.#fallback[name])
  }

  #said(value: unknown): unknown {
    if (value === null) return undefined
    return this.#body.textual && (value === '' || value === 'null') ? undefined : value
  }

  /** Empty counts as absent. */
  text(name: string, maxLength = Number.POSITIVE_INFINITY): string | undefined {
    const value = this.raw(name)
    if (value === undefined || value === '') return undefined
    if (typeof value !== 'string') return this.#refuse(name, 'must be a string', value)
    if (value.length > maxLength) this.#refuse(name, `must have at most ${maxLength} characters`, value.length)
    return value
  }

  /** The text of a field that may not be missing or blank. */
  requiredText(name: string, maxLength: number): string {
    const value = this.text(name, maxLength)
    if (value !== undefined && value.trim() !== '') return value
    this.#fault ??= domainFault('missing_required_parameter', `\`${name}\` is required. Say what to make.`, {
      param: name,
    })
    return ''
  }

  whole(name: string, least: number, most: number): number | undefined {
    const value = this.#number(name)
    if (value === undefined) return undefined
    if (Number.isSafeInteger(value) && value >= least && value <= most) return value
    return this.#refuse(name, `must be a whole number from ${least} to ${most}`, value)
  }

  /** More than zero; also as text, which is what OpenAI documents for `seconds`. */
  positive(name: string): number | undefined {
    const value = this.#number(name, true)
    if (value === undefined) return undefined
    if (Number.isFinite(value) && value > 0) return value
    return this.#refuse(name, 'must be a number greater than zero', this.raw(name))
  }

  flag(name: string): boolean {
    const value = this.raw(name)
    if (value === undefined) return false
    if (typeof value === 'boolean') return value
    if (this.#body.textual && (value === 'true' || value === 'false')) return value === 'true'
    this.#refuse(name, 'must be true or false', value)
    return false
  }

  /** In any case of its letters. */
  oneOf<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const word = value.toLowerCase()
    const found = allowed.find(candidate => candidate === word)
    return found ?? this.#refuse(name, `must be one of ${allowed.map(one => `"${one}"`).join(', ')}`, value)
  }

  #number(name: string, textAllowed = this.#body.textual): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (typeof value === 'number') return value
    if (textAllowed && typeof value === 'string' && value.trim() !== '') return Number(value)
    return this.#refuse(name, 'must be a number', value)
  }

  #refuse(name: string, rule: string, found: unknown): undefined {
    this.#fault ??= domainFault('invalid_value', `\`${name}\` ${rule}; found ${describe(found)}.`, { param: name })
    return undefined
  }
}

function describe(value: unknown): string {
  if (typeof value === 'string') return value.length > 80 ? 'a longer text' : `"${value}"`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value instanceof Blob) return 'a file'
  return Array.isArray(value) ? 'a list' : 'an object'
}
