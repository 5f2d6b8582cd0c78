/** Request bodies, with exactly the fields that Flow knows: it refuses any other (PROTOCOL.md 1.4). Pure. */
import { createHash } from 'node:crypto'

/** What all paid calls say about where they come from (PROTOCOL.md 1.5). */
export interface Caller {
  readonly projectId: string
  /** `;` and epoch milliseconds. */
  readonly sessionId: string
  /** Videos only. */
  readonly tier?: string
  /**
   * An opaque value that Flow may ask for. This project makes none; it is here for an operator's own plugin. Absent:
   * the field is not sent.
   */
  readonly verification?: string
}

export const sessionIdAt = (epochMs: number): string => `;${epochMs}`

/**
 * The same UUID for the same piece of work, so that repeated submissions share their batch as the web client's do
 * (PROTOCOL.md 1.3), and one whose outcome is unknown can be found again.
 */
export function batchIdOf(unitId: string): string {
  const hex = createHash('sha256').update(unitId).digest('hex')
  const variant = '89ab'[Number.parseInt(hex.slice(16, 17), 16) % 4]
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

function clientContext({ projectId, sessionId, tier, verification }: Caller) {
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

const structuredPrompt = (prompt: string) => ({ parts: [{ text: prompt }] })

/** PROTOCOL.md 2.7. Image calls name no tier. */
export function imageRequest(
  caller: Omit<Caller, 'tier'>,
  unit: {
    readonly batchId: string
    readonly model: string
    readonly aspect: string
    readonly prompt: string
    readonly seed: number
  },
) {
  const context = clientContext(caller)
  return {
    clientContext: context,
    mediaGenerationContext: { batchId: unit.batchId },
    useNewMedia: true,
    requests: [
      {
        clientContext: context,
        seed: unit.seed,
        imageModelName: unit.model,
        imageAspectRatio: unit.aspect,
        structuredPrompt: structuredPrompt(unit.prompt),
        imageInputs: [],
      },
    ],
  }
}

/** PROTOCOL.md 2.9. The client context may not be repeated inside `requests`. */
export function videoRequest(
  caller: Caller & { readonly tier: string },
  unit: {
    readonly batchId: string
    readonly model: string
    readonly aspect: string
    readonly prompt: string
    readonly seed: number
  },
) {
  return {
    mediaGenerationContext: { batchId: unit.batchId, audioFailurePreference: 'BLOCK_SILENCED_VIDEOS' },
    clientContext: clientContext(caller),
    requests: [
      {
        aspectRatio: unit.aspect,
        seed: unit.seed,
        textInput: { structuredPrompt: structuredPrompt(unit.prompt) },
        videoModelKey: unit.model,
        metadata: {},
      },
    ],
    useV2ModelConfig: true,
  }
}

/** PROTOCOL.md 2.16. */
export const statusRequest = (videos: readonly { readonly name: string; readonly projectId: string }[]) => ({
  media: videos.map(({ name, projectId }) => ({ name, projectId })),
})

/** PROTOCOL.md 2.2. */
export const projectRequest = (title: string) => ({ json: { projectTitle: title, toolName: 'PINHOLE' } })

/** PROTOCOL.md 2.19. */
export const cancelRequest = (mediaId: string) => ({ mediaId })
