/** Text in a 5x7 bitmap font, scaled up. */
import font from 'oled-font-5x7'
import type { Canvas, Colour } from './canvas.ts'

/** Font pixels from one character to the next, and from one line to the next. */
const ADVANCE = font.width + 1
const LINE = font.height + 3

const GLYPHS: ReadonlyMap<string, readonly number[]> = new Map(
  font.lookup.map((character, index) => [character, font.fontData.slice(index * font.width, (index + 1) * font.width)]),
)

/** What stands for a character that the font does not have. */
const BOX = [0x7f, 0x41, 0x41, 0x41, 0x7f]

/** The glyph of a character, of its base letter where only that is known (é → e), or a hollow box. */
function glyphOf(character: string): readonly number[] {
  return GLYPHS.get(character) ?? GLYPHS.get(character.normalize('NFKD').charAt(0)) ?? BOX
}

/** Breaks text at spaces into lines of at most `columns` characters; a longer word is cut. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    let rest = [...word]
    if (line.length > 0 && line.length + 1 + rest.length <= columns) {
      line.push(' ', ...rest)
      continue
    }
    if (line.length > 0) lines.push(line.join(''))
    for (; rest.length > columns; rest = rest.slice(columns)) lines.push(rest.slice(0, columns).join(''))
    line = rest
  }
  if (line.length > 0) lines.push(line.join(''))
  return lines
}

export interface Fitted {
  readonly lines: readonly string[]
  /** Canvas pixels a font pixel. */
  readonly scale: number
  /** Of the whole block, in canvas pixels. */
  readonly height: number
}

/** The largest lettering, at most `largest`, in which the text fits the box; at scale 2 what is too long ends in `...`. */
export function fit(text: string, width: number, height: number, largest: number): Fitted {
  for (let scale = largest; ; scale--) {
    const columns = Math.max(4, Math.floor(width / (ADVANCE * scale)))
    const rows = Math.floor((height / scale + LINE - font.height) / LINE)
    const lines = wrap(text, columns)
    if (scale > 2 && lines.length > rows) continue
    const shown =
      lines.length > rows ? [...lines.slice(0, rows - 1), `${lines[rows - 1]?.slice(0, columns - 3)}...`] : lines
    return { lines: shown, scale, height: (shown.length * LINE - (LINE - font.height)) * scale }
  }
}

/** Draws lines of text, their top left corner at `left`, `top`. */
export function drawText(
  canvas: Canvas,
  lines: readonly string[],
  left: number,
  top: number,
  scale: number,
  colour: Colour,
  opacity = 1,
): void {
  lines.forEach((line, row) => {
    Array.from(line).forEach((character, column) => {
      glyphOf(character).forEach((bits, x) => {
        for (let y = 0; y < font.height; y++) {
          if (!((bits >> y) & 1)) continue
          canvas.rectangle(
            left + (column * ADVANCE + x) * scale,
            top + (row * LINE + y) * scale,
            scale,
            scale,
            colour,
            opacity,
          )
        }
      })
    })
  })
}
