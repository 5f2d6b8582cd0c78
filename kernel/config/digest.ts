/** What may be compared or shown of a configuration: its hash, and itself without secrets. */
import type { TSchema } from 'elysia'
import { isTable, type Section } from './read.ts'
import type { SectionSpec } from './schema.ts'
import { maskUrls } from './words.ts'

/** A hash of the meaning: the order of keys does not matter, that of lists does. */
export function hashOf(value: unknown): string {
  return new Bun.CryptoHasher('sha256').update(canonical(value)).digest('hex')
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) =>
      isTable(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner,
    ) ?? 'undefined'
  )
}

export const MASK = '********'

/**
 * Sections as they may be shown. Values of `secret` schemas become `********` unless empty, and so do passwords in
 * URLs. In a section that no schema describes, every text does.
 */
export function maskSecrets(
  values: Readonly<Record<string, Section>>,
  sections: readonly SectionSpec[],
): Record<string, Section> {
  return Object.fromEntries(
    Object.entries(values).map(([name, section]) => {
      const schema = sections.find(spec => spec.name === name)?.schema
      return [name, maskTable(section, schema, schema === undefined)]
    }),
  )
}

function maskTable(table: Section, schema: TSchema | undefined, hidden: boolean): Section {
  const [pattern]: TSchema[] = Object.values(schema?.['patternProperties'] ?? {})
  return Object.fromEntries(
    Object.entries(table).map(([key, value]) => {
      const properties = schema?.['properties'] ?? {}
      return [key, mask(value, Object.hasOwn(properties, key) ? properties[key] : pattern, hidden)]
    }),
  )
}

function mask(value: unknown, schema: TSchema | undefined, hidden: boolean): unknown {
  const hide = hidden || schema?.['secret'] === true
  if (Array.isArray(value)) return value.map(item => mask(item, schema?.['items'], hide))
  if (isTable(value)) return maskTable(value, schema, hide)
  if (typeof value === 'string') return value === '' ? '' : hide ? MASK : maskUrls(value)
  return schema?.['secret'] === true && value !== null && value !== undefined ? MASK : value
}
