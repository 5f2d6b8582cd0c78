/** All words of the console stand in `texts.json`: that one file is what a translation replaces. */
import texts from './texts.json'

export { texts }

/** Puts values where the text has `{name}`. */
export const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))

/** The words for a value that the API names; the value itself where there are none yet. */
export const wordFor = (words: Readonly<Record<string, string>>, value: string): string => words[value] ?? value
