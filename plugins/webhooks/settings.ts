/** What an operator can set: `[webhooks]`. */
import { SIGNING_KEY } from 'flow2api/contracts'
import { type Static, secret, t } from 'flow2api/plugin'
import { EVENT_TYPES } from './event.ts'

export const WebhookSettings = t.Object(
  {
    url: t.String({
      default: '',
      description: 'Told of every job that ends. Empty: only requests with a callback_url report.',
    }),
    secret: secret(
      t.String({
        default: '',
        ...SIGNING_KEY,
        description: 'Key of the signatures. Empty: made when it is first needed.',
      }),
    ),
    allow_private: t.Boolean({
      default: false,
      description: 'Whether webhooks may go to private addresses, such as a machine beside this one.',
    }),
    timeout_s: t.Number({
      default: 10,
      exclusiveMinimum: 0,
      description: 'Seconds that a receiver may take to answer.',
    }),
    give_up_after_h: t.Number({ default: 24, minimum: 0, description: 'Hours after which a delivery is given up.' }),
    events: t.Array(t.Union(EVENT_TYPES.map(type => t.Literal(type))), {
      default: [...EVENT_TYPES],
      description: 'What the url is told. A callback_url is told how its own job ended, whatever stands here.',
    }),
  },
  { additionalProperties: false },
)
export type WebhookSettings = Static<typeof WebhookSettings>
