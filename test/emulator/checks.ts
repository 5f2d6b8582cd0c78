/** The checks of generation calls, in the order of PROTOCOL.md 3.1. Each answers the refusal, or undefined. */
import type { Account } from './accounts.ts'
import { googleError } from './answers.ts'
import type { VideoModel } from './catalogue.ts'
import type { ClientContext } from './shapes.ts'
import type { World } from './world.ts'

/** PROTOCOL.md 3.2: 403 with this message since April 2026. */
export function checkVerification(
  world: World,
  context: Pick<ClientContext, 'recaptchaContext'>,
): Response | undefined {
  if (!world.settings.requireVerification || world.useVerification(context.recaptchaContext?.token)) return undefined
  return googleError(403, { message: 'reCAPTCHA evaluation failed', reason: 'PUBLIC_ERROR_UNUSUAL_ACTIVITY' })
}

/** A project must exist and belong to the account. */
export function checkProject(account: Account, projectId: string): Response | undefined {
  return account.projects.has(projectId) ? undefined : googleError(404)
}

/** What the key of a video model may be used for. */
export function checkVideoModel(model: VideoModel | undefined, endpoint: string, aspect: string): Response | undefined {
  if (!model) return googleError(404)
  return model.endpoints.includes(endpoint) && model.aspects.includes(aspect) ? undefined : googleError(400)
}

/** Whether the account's tier has the model, and its credits are enough. */
export function checkEntitlement(account: Account, model: VideoModel | undefined): Response | undefined {
  const price = model?.credits[account.tier]
  if (price === undefined) return googleError(403, { reason: 'PUBLIC_ERROR_MODEL_ACCESS_DENIED' })
  if (price > account.credits) return googleError(429, { reason: 'PUBLIC_ERROR_USER_QUOTA_REACHED' })
  return undefined
}

/** Pictures that a video is made from: each must be one that the account has. PROTOCOL.md 3.2: else 404. */
export function checkImages(world: World, account: Account, ids: readonly string[]): Response | undefined {
  for (const id of ids) {
    const media = world.media.ofAccount(account, id)
    if (!media) return googleError(404)
    if (media.kind !== 'image') return googleError(400)
  }
  return undefined
}

/** Prompts with `[refuse]` are against the policy; an empty one is no argument. */
export function checkPrompt(prompt: string): Response | undefined {
  if (prompt === '') return googleError(400)
  if (prompt.includes('[refuse]')) return googleError(400, { reason: 'PUBLIC_ERROR_UNSAFE_GENERATION' })
  return undefined
}
