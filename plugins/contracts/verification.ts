/**
 * Where Flow asks for human verification, an operator's own plugin may supply the opaque value that it wants. This
 * project makes none and contains no way to make one.
 */
import { defineExtensionPoint, type Fault, type ResultAsync } from 'flow2api/plugin'

export interface VerificationWant {
  readonly provider: string
  readonly accountId: number
  /** Which paid call it is for. */
  readonly action: 'image' | 'image_upsample' | 'video' | 'video_upsample'
  readonly projectId: string
  readonly signal: AbortSignal
}

export interface VerificationSource {
  /** A value for one call, or undefined where it has none: the field is then not sent. */
  value(want: VerificationWant): ResultAsync<string | undefined, Fault>
}

export const Verification = defineExtensionPoint<VerificationSource>('verification', 1)
