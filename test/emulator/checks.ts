/** The checks of generation calls, in the order of PROTOCOL.md 3.1. Each answers the refusal, or undefined. */
import type { Account } from './accounts.ts'
import { googleError } from './answers.ts'
import type { VideoModel } from './catalogue.ts'
import type { ClientContext } from './shapes.ts'
import type { World } from './world.ts'

/** PROTOCOL.md 3.2: 403 with this message since April 2026. */
export function checkVerification(world: World, context: ClientContext): Response | undefined {
  if (!world.settings.requireVerification || world.useVerification(context.recaptchaContext?.token)) return undefined
  return googleError(403, { message: 'reCAPTCHA evaluation failed', reason: 'PUBLIC_ERROR_UNUSUAL_ACTIVITY' })
}

/** A project must exist and belong to the account. */
export function checkProject(account: Account, projectId: string): Response | undefined {
  return account.projects.has(projectId) ? undefined : googleError(404)
}

/** What the key of a video model may be used for, by whom, and whether the account can pay it. */
export function checkVideoModel(
  account: Account,
  model: VideoModel | undefined,
  endpoint: string,
  aspect: string,
): Response | undefined {
  if (!model) return googleError(404)
  if (!model.endpoints.includes(endpoint) || !model.aspects.includes(aspect)) return googleError(400)
  const price = model.credits[account.tier]
  if (price === undefined) return googleError(403, { reason: 'PUBLIC_ERROR_MODEL_ACCESS_DENIED' })
  if (price > account.credits) return googleError(429, { reason: 'PUBLIC_ERROR_USER_QUOTA_REACHED' })
  return undefined
}

/** Prompts with `[refuse]` are against the policy; an empty one is no argument. */
export function checkPrompt(prompt: string): Response | undefined {
  if (prompt === '') return googleError(400)
  if (prompt.includes('[refuse]')) return googleError(400, { reason: 'PUBLIC_ERROR_UNSAFE_GENERATION' })
  return undefined
}
