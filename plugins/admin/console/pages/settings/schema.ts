/** A section's schema as the form library takes it, and which widget each key gets. Pure. */
import type { RJSFSchema, UiSchema } from '@rjsf/utils'
import type { Setting } from 'flow2api/plugin'

const isSchema = (value: unknown): value is RJSFSchema => typeof value === 'object' && value !== null

/** Every key of a record has the same shape: the library knows that as `additionalProperties` alone. */
export function formSchema(schema: unknown): RJSFSchema {
  if (!isSchema(schema)) return { type: 'object' }
  // Every key has a default, so none is asked for.
  const { patternProperties, properties, items, required: _, ...given } = schema
  const rest = choiceOf(given)
  const [pattern] = Object.values(patternProperties ?? {})
  return {
    ...rest,
    ...(isSchema(properties) && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, formSchema(value)])),
    }),
    ...(isSchema(items) && !Array.isArray(items) && listOf(formSchema(items))),
    ...(isSchema(pattern) && { additionalProperties: formSchema(pattern) }),
  }
}

/** Of a few words each is taken or not, in no order: boxes to tick. */
const listOf = (items: RJSFSchema): RJSFSchema => (items.enum ? { items, uniqueItems: true } : { items })

/** One of a few words, which TypeBox writes as a union of constants. */
function choiceOf(schema: RJSFSchema): RJSFSchema {
  const { anyOf, ...rest } = schema
  const words = (anyOf ?? []).map(member => (isSchema(member) ? member.const : undefined))
  return words.length > 0 && words.every(word => typeof word === 'string')
    ? { ...rest, type: 'string', enum: words }
    : schema
}

export const propertiesOf = (schema: RJSFSchema): readonly (readonly [string, RJSFSchema])[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, value]) => (isSchema(value) ? [[key, value] as const] : []))

/** Marked by the gateway's own word, which JSON Schema does not have. */
const isSecret = (schema: RJSFSchema): boolean => 'secret' in schema && schema['secret'] === true

export function uiSchemaOf(schema: RJSFSchema, settings: ReadonlyMap<string, Setting>): UiSchema {
  const ui: UiSchema = { 'ui:submitButtonOptions': { norender: true }, 'ui:title': ' ', 'ui:description': ' ' }
  for (const [key, property] of propertiesOf(schema)) {
    const fixed = settings.get(key)?.fixed_by
    ui[key] = {
      'ui:title': key,
      ...(property.type === 'string' && { 'ui:emptyValue': '' }),
      ...(property.type === 'string' && isSecret(property) && { 'ui:widget': 'password' }),
      ...(property.uniqueItems === true && { 'ui:widget': 'checkboxes' }),
      ...(property.type === 'array' &&
        property.uniqueItems !== true && { items: { 'ui:title': ' ', 'ui:options': { label: false } } }),
      ...(fixed !== null && fixed !== undefined && { 'ui:disabled': true }),
    }
  }
  return ui
}
