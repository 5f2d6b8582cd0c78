/** What an operator can set: `[metrics]`. */
import { type Static, secret, t } from 'flow2api/plugin'

export const MetricsSettings = t.Object(
  {
    require_key: t.Boolean({
      default: true,
      description: 'Whether GET /metrics asks for a key. Off: whoever reaches the port may read.',
    }),
    key: secret(
      t.String({
        default: '',
        description: 'A key that opens GET /metrics and nothing else. The API key and the admin are let in anyway.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type MetricsSettings = Static<typeof MetricsSettings>
