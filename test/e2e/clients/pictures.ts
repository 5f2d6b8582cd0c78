/** Pictures as people upload them; no two are alike, and the upstream takes them. */
import jpeg from 'jpeg-js'

export const picture = (shade: number, name = 'picture.jpg', width = 64, height = 36): File => {
  const data = new Uint8Array(width * height * 4).fill(shade)
  return new File([new Uint8Array(jpeg.encode({ width, height, data }, 70).data)], name, { type: 'image/jpeg' })
}

export const dataUrl = async (file: File): Promise<string> =>
  `data:image/jpeg;base64,${(await file.bytes()).toBase64()}`
