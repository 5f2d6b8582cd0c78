/** Typed reading of a request body. Unknown fields are never looked at; an explicit null is an absent field. */
import { domainFault } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import type { Body } from './body.ts'

/** Collects the first mistake instead of throwing, so that a handler reads all fields and then looks once. */
export class Fields {
  #fault: Fault | undefined
  readonly #body: Body

  constructor(body: Body) {
    this.#body = body
  }

  /** The first mistake that was found. */
  get fault(): Fault | undefined {
    return this.#fault
  }

  /** As it came. */
  raw(name: string): unknown {
    const value = this.#body.values[name]
    if (value === null) return undefined
    return this.#body.textual && (value === '' || value === 'null') ? undefined : value
  }

  /** Empty counts as absent. */
  text(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined || value === '') return undefined
    if (typeof value === 'string') return value
    return this.#refuse(name, 'must be a string', value)
  }

  /** The text of a field that may not be missing or blank. */
  requiredText(name: string, maxLength: number): string {
    const value = this.text(name)
    if (value === undefined || value.trim() === '') {
      this.#fault ??= domainFault('missing_required_parameter', `\`${name}\` is required. Say what to make.`, {
        param: name,
      })
      return ''
    }
    if (value.length > maxLength) this.#refuse(name, `must have at most ${maxLength} characters`, value.length)
    return value
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

  oneOf<const T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const found = allowed.find(candidate => candidate === value)
    return found ?? this.#refuse(name, `must be one of ${allowed.map(word => `"${word}"`).join(', ')}`, value)
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
