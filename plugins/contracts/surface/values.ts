/** JSON objects and forms as they were read: nothing is known of what they hold. */
export type Values = { readonly [name: string]: unknown }

/** An object with names: neither a list nor a file. */
export const isValues = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Blob)
