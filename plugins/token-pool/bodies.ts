/** What may be sent to `/admin/api/tokens`. Unknown keys are mistakes. */
import { type Static, Type } from '@sinclair/typebox'

const text = Type.String({ maxLength: 500 })
const optionalText = Type.Union([text, Type.Null()])
const concurrency = (kind: string) =>
  Type.Integer({ minimum: -1, maximum: 1000, description: `${kind} at once: -1 unlimited, 0 none` })

const fields = {
  project_id: Type.Optional(optionalText),
  project_name: Type.Optional(optionalText),
  remark: Type.Optional(text),
  image_enabled: Type.Optional(Type.Boolean()),
  video_enabled: Type.Optional(Type.Boolean()),
  image_concurrency: Type.Optional(concurrency('Images')),
  video_concurrency: Type.Optional(concurrency('Videos')),
  proxy_url: Type.Optional(
    Type.Union([Type.String({ maxLength: 2048 }), Type.Null()], {
      description: "The account's own proxy: a URL of http, https, socks5 or socks5h, or host:port:user:password",
    }),
  ),
}

const st = Type.String({
  minLength: 1,
  maxLength: 16_384,
  pattern: '\\S',
  description: 'Session token. White space around it is cut.',
})
const provider = Type.String({ description: 'Provider plugin. Default: the first that takes accounts.' })

export const AddBody = Type.Object(
  { st, provider: Type.Optional(provider), ...fields },
  { additionalProperties: false, examples: [{ st: 'SESSION_TOKEN', remark: 'second account', video_concurrency: 2 }] },
)
export const EditBody = Type.Object(
  { st: Type.Optional(st), ...fields },
  { additionalProperties: false, examples: [{ remark: 'weekdays only', image_concurrency: 4 }] },
)

export type AddAccount = Static<typeof AddBody>
export type EditAccount = Static<typeof EditBody>
