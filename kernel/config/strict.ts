/** Schemas as a configuration file needs them: nothing unknown, no text where a number belongs. */
import type { TSchema } from 'elysia'

/**
 * Formats with which Elysia's `t.Integer`, `t.Numeric`, `t.BooleanString`, … accept text as HTTP carries it. TOML has
 * real types: text would pass the check there, and the plugin would get "8000" where its types promise 8000.
 */
const WIRE = new Set(['integer', 'numeric', 'boolean', 'ObjectString', 'ArrayString'])

/** The same schema with unknown keys refused, unless it allows them expressly, and without Elysia's text forms. */
export function strictSchema(schema: TSchema): TSchema {
  if (Array.isArray(schema.anyOf)) {
    const members: TSchema[] = schema.anyOf
    const real = members.filter(member => !(member.type === 'string' && WIRE.has(String(member.format))))
    const [only] = real
    if (only && real.length === 1 && members.length > 1) {
      const { anyOf: _, ...annotations } = Object.fromEntries(Object.entries(schema))
      return strictSchema({ ...only, ...annotations })
    }
    return { ...schema, anyOf: members.map(strictSchema) }
  }
  if (schema.type === 'array') return { ...schema, items: strictSchema(schema['items']) }
  if (schema.type !== 'object') return schema
  const strict = (members: Record<string, TSchema>) =>
    Object.fromEntries(Object.entries(members).map(([key, member]) => [key, strictSchema(member)]))
  return {
    ...schema,
    ...(schema['properties'] ? { properties: strict(schema['properties']) } : {}),
    ...(schema['patternProperties'] ? { patternProperties: strict(schema['patternProperties']) } : {}),
    ...(schema['properties'] && schema['additionalProperties'] === undefined ? { additionalProperties: false } : {}),
  }
}
