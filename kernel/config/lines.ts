/** Dotted paths, and the lines on which they stand in a TOML file. */
import { type AST, parseTOML } from 'toml-eslint-parser'

type Segments = readonly (string | number)[]

const BARE = /^[A-Za-z0-9_-]+$/

/** `['models', 'aliases', 'gpt-image-1.5']` → `models.aliases."gpt-image-1.5"`, as TOML writes it. */
export function formatPath(segments: Segments): string {
  return segments.map(segment => (BARE.test(String(segment)) ? segment : JSON.stringify(segment))).join('.')
}

/** The opposite of `formatPath`; indexes of lists come back as text. */
export function parsePath(path: string): string[] {
  return (path.match(/"(?:[^"\\]|\\.)*"|[^.]+/g) ?? []).map(part =>
    part.startsWith('"') ? String(JSON.parse(part)) : part,
  )
}

/**
 * Finds the line of a path: its own, else that of the nearest table around it.
 * `depth` is the number of segments that were found; 0 and `null` where nothing was.
 */
export type LineFinder = (segments: readonly string[]) => { readonly line: number | null; readonly depth: number }

/** The text is parsed at the first question: a configuration without mistakes never pays for it. */
export function lineFinder(text: string): LineFinder {
  let lines: Map<string, number> | undefined
  return segments => {
    lines ??= indexLines(text)
    for (let depth = segments.length; depth > 0; depth--) {
      const line = lines.get(formatPath(segments.slice(0, depth)))
      if (line !== undefined) return { line, depth }
    }
    return { line: null, depth: 0 }
  }
}

function indexLines(text: string): Map<string, number> {
  const lines = new Map<string, number>()
  const note = (path: Segments, line: number) => {
    const key = formatPath(path)
    if (!lines.has(key)) lines.set(key, line)
  }
  const visitValue = (path: Segments, node: AST.TOMLContentNode) => {
    if (node.type === 'TOMLInlineTable') for (const pair of node.body) visitPair(path, pair)
    if (node.type === 'TOMLArray')
      node.elements.forEach((element, index) => {
        note([...path, index], element.loc.start.line)
        visitValue([...path, index], element)
      })
  }
  const visitPair = (parent: Segments, pair: AST.TOMLKeyValue) => {
    const path = [...parent]
    for (const key of pair.key.keys) {
      path.push(key.type === 'TOMLBare' ? key.name : key.value)
      note(path, key.loc.start.line)
    }
    visitValue(path, pair.value)
  }
  try {
    for (const node of parseTOML(text, { tomlVersion: 'latest' }).body[0].body) {
      if (node.type === 'TOMLKeyValue') visitPair([], node)
      else {
        node.resolvedKey.forEach((_, index) => {
          note(node.resolvedKey.slice(0, index + 1), node.loc.start.line)
        })
        for (const pair of node.body) visitPair(node.resolvedKey, pair)
      }
    }
  } catch {
    // smol-toml has accepted the text; where this parser does not, problems are reported without lines.
  }
  return lines
}
