/** What the emulator "generates": a colourful background that depends on prompt and seed, with the prompt written on it. */
import { encode as encodePng } from 'fast-png'
import { encode as encodeJpeg } from 'jpeg-js'
import { randomNumbers } from '../random.ts'
import { Canvas, type Colour } from './canvas.ts'
import { drawText, fit } from './text.ts'

export type PictureFormat = 'jpeg' | 'png'

export interface Picture {
  readonly width: number
  readonly height: number
  readonly prompt: string
  readonly seed: number
  /** A line of small print. */
  readonly caption: string
}

const JPEG_QUALITY = 85
const WHITE: Colour = [255, 255, 255]
const BLACK: Colour = [0, 0, 0]

/** Paints and encodes. The same picture gives the same bytes. */
export function drawPicture(picture: Picture, format: PictureFormat): Uint8Array<ArrayBuffer> {
  const { width, height, data } = paint(picture)
  if (format === 'png') return new Uint8Array(encodePng({ width, height, data, channels: 4, depth: 8 }))
  return new Uint8Array(encodeJpeg({ width, height, data }, JPEG_QUALITY).data)
}

function paint({ width, height, prompt, seed, caption }: Picture): Canvas {
  const canvas = new Canvas(width, height)
  const random = randomNumbers(`${seed}:${prompt}`)
  const short = Math.min(width, height)
  const hue = random()
  canvas.gradient([
    hsl(hue, 0.62, 0.3),
    hsl(hue + 0.09, 0.68, 0.5),
    hsl(hue + 0.45, 0.55, 0.26),
    hsl(hue + 0.58, 0.65, 0.44),
  ])
  for (let count = 0; count < 5; count++) {
    const radius = short * (0.18 + random() * 0.35)
    canvas.glow(random() * width, random() * height, radius, hsl(hue + random() * 0.4, 0.8, 0.66), 0.35)
  }

  const margin = Math.round(short * 0.07)
  const padding = Math.round(short * 0.04)
  const inner = width - 2 * (margin + padding)
  const text = fit(prompt || '(no prompt)', inner, height - 4 * margin - 2 * padding, Math.round(short / 110))
  const top = Math.round((height - text.height - margin) / 2)
  canvas.rectangle(margin, top - padding, width - 2 * margin, text.height + 2 * padding, BLACK, 0.38)
  const shadow = Math.max(1, Math.floor(text.scale / 2))
  drawText(canvas, text.lines, margin + padding + shadow, top + shadow, text.scale, BLACK, 0.5)
  drawText(canvas, text.lines, margin + padding, top, text.scale, WHITE)

  const small = fit(caption, inner, margin, Math.max(2, Math.round(short / 360)))
  drawText(canvas, small.lines, margin, Math.round(height - margin - small.height / 2), small.scale, WHITE, 0.85)
  return canvas
}

/** Hue wraps around at 1; saturation and lightness from 0 to 1. */
function hsl(hue: number, saturation: number, lightness: number): Colour {
  const channel = (offset: number) => {
    const k = (offset + hue * 12) % 12
    const amplitude = saturation * Math.min(lightness, 1 - lightness)
    return Math.round(255 * (lightness - amplitude * Math.max(-1, Math.min(k - 3, 9 - k, 1))))
  }
  return [channel(0), channel(8), channel(4)]
}
