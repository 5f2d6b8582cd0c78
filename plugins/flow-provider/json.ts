/** Careful looks into JSON that somebody else wrote. Nothing here throws. */

export type JsonObject = { readonly [key: string]: unknown }

export const asObject = (value: unknown): JsonObject | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? // Checked on the line above; TypeScript does not narrow `object` to an index signature.
      (value as JsonObject)
    : undefined

export const asArray = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Not empty. */
export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** A number, also one that is written as text, as protobuf JSON does with long ones. */
export function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** What is found along a path of own keys. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found: unknown = value
  for (const key of path) {
    const object = asObject(found)
    if (object === undefined || !Object.hasOwn(object, key)) return undefined
    found = object[key]
  }
  return found
}

/** An absolute http(s) URL, or undefined. */
export function asHttpUrl(value: unknown, base?: string): string | undefined {
  const text = asText(value)
  if (text === undefined || !URL.canParse(text, base)) return undefined
  const url = new URL(text, base)
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined
}
