/** Whether an upstream was asked for the same piece of work more than once. */
import type { Emulator } from '../emulator/index.ts'

/** A unit's batch is stable over retries; an upsampling is known by what it enlarges. */
export function paidTwice(emulator: Emulator): string[] {
  const seen = new Map<string, number>()
  for (const { kind, batchId, inputs, mediaId } of emulator.record.paid()) {
    const work =
      kind === 'upsample_image'
        ? `${kind} of ${mediaId}`
        : kind === 'upsample_video'
          ? `${kind} of ${inputs[0]}`
          : `${kind} ${batchId}`
    seen.set(work, (seen.get(work) ?? 0) + 1)
  }
  return [...seen].filter(([, count]) => count > 1).map(([work, count]) => `${work}: ${count} times`)
}
