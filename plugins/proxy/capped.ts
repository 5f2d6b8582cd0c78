/** A response's body, up to a limit. */

/** Undefined where it is longer: then reading has stopped and the connection is let go. Rejects where it breaks off. */
export async function readCapped(response: Response, maxBytes: number): Promise<Uint8Array | undefined> {
  if (Number(response.headers.get('content-length') ?? 0) > maxBytes) {
    await letGo(response)
    return undefined
  }
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
    length += part.value.length
    if (length > maxBytes) {
      await reader?.cancel().catch(() => {})
      return undefined
    }
    chunks.push(part.value)
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** Nobody wants the body. */
export async function letGo(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => {})
}
