/**
 * Typed reading of Gemini bodies. Every name is taken in camelCase and in snake_case, also mixed (api-surfaces B.1); an
 * explicit null is an absent field; what nobody asks for is ignored, and known.
 */
import { domainFault, isValues, type Values } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'

/** The first mistake, shared by the readers of one body. */
interface Mistake {
  fault: Fault | undefined
}

/** Collects the first mistake instead of throwing, so that whoever reads reads all and then looks once. */
export class Reader {
  readonly #values: Values
  readonly #path: string
  readonly #mistake: Mistake
  readonly #known = new Set<string>()
  readonly #children: Reader[] = []

  private constructor(values: Values, path: string, mistake: Mistake) {
    this.#values = values
    this.#path = path
    this.#mistake = mistake
  }

  static of(values: Values): Reader {
    return new Reader(values, '', { fault: undefined })
  }

  get fault(): Fault | undefined {
    return this.#mistake.fault
  }

  /** What the caller sent that had no effect, as paths. Complete once everything was read. */
  get ignored(): readonly string[] {
    const own = Object.keys(this.#values).filter(
      name => !this.#known.has(camelCase(name)) && (this.#values[name] ?? undefined) !== undefined,
    )
    return [...own.map(name => this.path(name)), ...this.#children.flatMap(({ ignored }) => ignored)]
  }

  /** Where a field of this object stands in the body. */
  path(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }

  /** As it came. `name` in camelCase. */
  raw(name: string): unknown {
    this.#known.add(name)
    return own(this.#values, name) ?? own(this.#values, snakeCase(name)) ?? undefined
  }

  /** Empty counts as absent. */
  text(name: string, maxLength = Number.POSITIVE_INFINITY): string | undefined {
    const value = this.raw(name)
    if (value === undefined || value === '') return undefined
    if (typeof value !== 'string') return this.refuse(name, 'must be a string')
    return value.length > maxLength ? this.refuse(name, `must have at most ${maxLength} characters`) : value
  }

  /** Also as text, with or without `s` behind it: durations come as `8`, `"8"` and `"8s"`. */
  number(name: string, least: number, most: number): number | undefined {
    const value = this.raw(name)
    if (value === undefined || value === '') return undefined
    const number = typeof value === 'string' && /^\d+(\.\d+)?s?$/.test(value.trim()) ? Number.parseFloat(value) : value
    if (typeof number === 'number' && number >= least && number <= most) return number
    return this.refuse(name, `must be a number from ${least} to ${most}`)
  }

  whole(name: string, least: number, most: number): number | undefined {
    const value = this.number(name, least, most)
    return value === undefined || Number.isSafeInteger(value) ? value : this.refuse(name, 'must be a whole number')
  }

  flag(name: string): boolean {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value === true
    this.refuse(name, 'must be true or false')
    return false
  }

  /** An object; where it is absent, one without any field. */
  child(name: string): Reader {
    const value = this.raw(name)
    if (value !== undefined && !isValues(value)) this.refuse(name, 'must be an object')
    return this.#reader(isValues(value) ? value : {}, name)
  }

  /** Objects of a list; one alone counts as a list of one. */
  children(name: string): readonly Reader[] {
    const value = this.raw(name)
    const items = value === undefined ? [] : Array.isArray(value) ? value : [value]
    return items.flatMap((item, index) => {
      const place = Array.isArray(value) ? `${name}[${index}]` : name
      if (isValues(item)) return [this.#reader(item, place)]
      this.refuse(place, 'must be an object')
      return []
    })
  }

  /** Texts of a list, or one alone. */
  texts(name: string): readonly string[] {
    const value = this.raw(name)
    const items = value === undefined ? [] : Array.isArray(value) ? value : [value]
    if (items.every(item => typeof item === 'string')) return items
    this.refuse(name, 'must be a list of strings')
    return []
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined
  }

  /** Notes a mistake, if it is the first. */
  refuse(name: string, rule: string): undefined {
    const param = this.path(name)
    this.#mistake.fault ??= domainFault('invalid_value', `\`${param}\` ${rule}.`, { param })
    return undefined
  }

  #reader(values: Values, place: string): Reader {
    const child = new Reader(values, this.path(place), this.#mistake)
    this.#children.push(child)
    return child
  }
}

const own = (values: Values, name: string): unknown => (Object.hasOwn(values, name) ? values[name] : undefined)

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
