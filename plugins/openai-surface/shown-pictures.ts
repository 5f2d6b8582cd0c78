/**
 * Addresses of the pictures that a text shows, Markdown or HTML, in order. Every character is looked at a few times at
 * most: a pattern that begins anew at each bracket takes minutes for what a caller can send in a second.
 */

/** Where one ends at which the search goes on; `over`: no other of its kind can follow. */
type Shown = { readonly address?: string; readonly end: number } | 'over'

export function shownPictures(text: string): readonly string[] {
  const found: string[] = []
  const opening = /!\[|<img\b/gi
  const over = new Set<string>()
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const kind = match[0].toLowerCase()
    if (over.has(kind)) continue
    const shown = kind === '![' ? markdownImage(text, opening.lastIndex) : htmlImage(text, opening.lastIndex)
    if (shown === 'over') over.add(kind)
    else {
      opening.lastIndex = shown.end
      if (shown.address !== undefined) found.push(shown.address)
    }
  }
  return found
}

/** `from`: behind `![`. */
function markdownImage(text: string, from: number): Shown {
  const close = text.indexOf(']', from)
  if (close === -1) return 'over'
  const scheme = /\(\s{0,9}<?(?=https?:\/\/|data:image\/)/iy
  scheme.lastIndex = close + 1
  if (!scheme.test(text)) return { end: close + 1 }
  const terminator = /[\s)>]/g
  terminator.lastIndex = scheme.lastIndex
  const end = terminator.exec(text)?.index
  return end === undefined ? 'over' : { address: text.slice(scheme.lastIndex, end), end }
}

/** `from`: behind `<img`. */
function htmlImage(text: string, from: number): Shown {
  const end = text.indexOf('>', from)
  if (end === -1) return 'over'
  const source = /\bsrc\s{0,9}=\s{0,9}["']((?:https?:\/\/|data:image\/)[^"']+)["']/i
  const address = source.exec(text.slice(from, end))?.[1]
  return address === undefined ? { end } : { address, end }
}
