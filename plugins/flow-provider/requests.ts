/**
 * Request bodies, with exactly the fields that Flow knows: it refuses any other (PROTOCOL.md 1.4). Pure. Here: what
 * they have in common, and the small ones.
 */
import { createHash } from 'node:crypto'

/** What all paid calls say about where they come from (PROTOCOL.md 1.5). */
export interface Caller {
  readonly projectId: string
  /** `;` and epoch milliseconds. */
  readonly sessionId: string
  /** Videos and the enlarging of pictures only. */
  readonly tier?: string
  /**
   * An opaque value that Flow may ask for. This project makes none; it is here for an operator's own plugin. Absent:
   * the field is not sent.
   */
  readonly verification?: string | undefined
}

export const sessionIdAt = (epochMs: number): string => `;${epochMs}`

/**
 * The same UUID for the same piece of work, so that repeated submissions share their batch as the web client's do
 * (PROTOCOL.md 1.3), and one whose outcome is unknown can be found again.
 */
export function uuidOf(work: string): string {
  const hex = createHash('sha256').update(work).digest('hex')
  const variant = '89ab'[Number.parseInt(hex.slice(16, 17), 16) % 4]
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

export function clientContext({ projectId, sessionId, tier, verification }: Caller) {
  return {
    ...(verification !== undefined && {
      recaptchaContext: { token: verification, applicationType: 'RECAPTCHA_APPLICATION_TYPE_WEB' },
    }),
    sessionId,
    projectId,
    tool: 'PINHOLE',
    ...(tier !== undefined && { userPaygateTier: tier }),
  }
}

export const structuredPrompt = (prompt: string) => ({ parts: [{ text: prompt }] })

/** PROTOCOL.md 2.2. */
export const projectRequest = (title: string) => ({ json: { projectTitle: title, toolName: 'PINHOLE' } })

/** PROTOCOL.md 2.16. */
export const statusRequest = (videos: readonly { readonly name: string; readonly projectId: string }[]) => ({
  media: videos.map(({ name, projectId }) => ({ name, projectId })),
})

/** PROTOCOL.md 2.19. */
export const deleteRequest = (names: readonly string[]) => ({ json: { names } })
export const deleteAssetsRequest = (mediaIds: readonly string[]) => ({ mediaIds })
export const cancelRequest = (mediaId: string) => ({ mediaId })
