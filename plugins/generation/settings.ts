/** What an operator can set: `[generation]` and `[models]`. */
import { type Static, t } from 'flow2api/plugin'

const closed = { additionalProperties: false } as const

export const GenerationSettings = t.Object(
  {
    image_timeout: t.Number({
      default: 300,
      exclusiveMinimum: 0,
      description: 'Seconds that an image may take, from its start and not from the queue.',
    }),
    video_timeout: t.Number({
      default: 1500,
      exclusiveMinimum: 0,
      description: 'Seconds that a video may take, from its start and not from the queue.',
    }),
    stall_timeout_s: t.Number({
      default: 600,
      minimum: 0,
      description:
        'Seconds after which running work is given up whose provider answers and reports no progress; 0: never.',
    }),
    max_queue: t.Integer({
      default: 1000,
      minimum: 1,
      description: 'How many pieces of work may wait for an account; more are refused with 429.',
    }),
    heartbeat_s: t.Number({
      default: 15,
      exclusiveMinimum: 0,
      description: 'Seconds between signs of life on a silent answer.',
    }),
    retention_days: t.Number({
      default: 30,
      minimum: 0,
      description: 'Days that finished jobs and their inputs are kept; 0 keeps them for ever.',
    }),
    max_data_mb: t.Number({
      default: 1024,
      minimum: 0,
      description: 'Input files of finished jobs are removed, the oldest first, beyond this size; 0: no limit.',
    }),
    idempotency_ttl_s: t.Integer({
      default: 86_400,
      minimum: 0,
      description: 'Seconds that an Idempotency-Key is remembered.',
    }),
    retry_window_s: t.Integer({
      default: 600,
      minimum: 0,
      description: "Seconds in which a client library's own retry finds the job of its first try.",
    }),
  },
  closed,
)
export type GenerationSettings = Static<typeof GenerationSettings>

export const ModelSettings = t.Object(
  {
    default_image: t.String({
      default: 'gemini-3.0-pro-image',
      minLength: 1,
      description: 'The model of image requests that name none, and of the image ids that clients hard-code.',
    }),
    default_video: t.String({
      default: 'veo_3_1_t2v_fast',
      minLength: 1,
      description: 'The model of video requests that name none, and of the video ids that clients hard-code.',
    }),
    aliases: t.Record(t.String({ minLength: 1 }), t.String({ minLength: 1 }), {
      default: {},
      description: 'Further public ids: `"my-model" = "veo_3_1_t2v"`.',
    }),
  },
  closed,
)
export type ModelSettings = Static<typeof ModelSettings>
