/** A surface of opaque RGBA pixels and the few things that are painted on it. */

export type Colour = readonly [red: number, green: number, blue: number]

export class Canvas {
  readonly data: Uint8Array

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.data = new Uint8Array(width * height * 4).fill(255)
  }

  /** Fills everything with a smooth blend of four corner colours: top left, top right, bottom left, bottom right. */
  gradient(corners: readonly [Colour, Colour, Colour, Colour]): void {
    const { data, width, height } = this
    const [topLeft, topRight, bottomLeft, bottomRight] = corners
    for (const channel of [0, 1, 2] as const) {
      for (let y = 0; y < height; y++) {
        const down = y / (height - 1)
        let value = topLeft[channel] + (bottomLeft[channel] - topLeft[channel]) * down
        const end = topRight[channel] + (bottomRight[channel] - topRight[channel]) * down
        const step = (end - value) / (width - 1)
        let at = y * width * 4 + channel
        for (let x = 0; x < width; x++) {
          data[at] = value
          value += step
          at += 4
        }
      }
    }
  }

  /** Blends a disc into the picture, strongest in its middle and fading towards its rim. Units: pixels. */
  glow(centreX: number, centreY: number, radius: number, colour: Colour, strength: number): void {
    const top = Math.max(0, Math.ceil(centreY - radius))
    const bottom = Math.min(this.height, centreY + radius)
    for (let y = top; y < bottom; y++) {
      const dy = (y - centreY) / radius
      const halfWidth = Math.sqrt(Math.max(0, 1 - dy * dy)) * radius
      const left = Math.max(0, Math.ceil(centreX - halfWidth))
      const right = Math.min(this.width, centreX + halfWidth)
      for (let x = left; x < right; x++) {
        const dx = (x - centreX) / radius
        this.blend((y * this.width + x) * 4, colour, (1 - dx * dx - dy * dy) * strength)
      }
    }
  }

  /** Blends a rectangle into the picture; what lies outside is cut off. Units: whole pixels. */
  rectangle(left: number, top: number, width: number, height: number, colour: Colour, opacity = 1): void {
    const right = Math.min(this.width, left + width)
    const bottom = Math.min(this.height, top + height)
    for (let y = Math.max(0, top); y < bottom; y++) {
      for (let x = Math.max(0, left); x < right; x++) this.blend((y * this.width + x) * 4, colour, opacity)
    }
  }

  private blend(at: number, colour: Colour, opacity: number): void {
    const { data } = this
    data[at] = (data[at] ?? 0) * (1 - opacity) + colour[0] * opacity
    data[at + 1] = (data[at + 1] ?? 0) * (1 - opacity) + colour[1] * opacity
    data[at + 2] = (data[at + 2] ?? 0) * (1 - opacity) + colour[2] * opacity
  }
}
