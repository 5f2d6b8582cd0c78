/** What an operator can set: `[alerts]`. */
import { SIGNING_KEY } from 'flow2api/contracts'
import { type Static, secret, t } from 'flow2api/plugin'
import { RULES } from './rule-names.ts'

const rules = (all: boolean, description: string) =>
  t.Array(t.Union(RULES.map(name => t.Literal(name))), { default: all ? [...RULES] : [], description })
const address = (description: string) => secret(t.String({ default: '', description }))
const timeOfDay = (description: string) =>
  t.String({
    default: '',
    pattern: '^(([01][0-9]|2[0-3]):[0-5][0-9])?$',
    error: 'a time such as "22:00", or ""',
    description,
  })
const share = (value: number, description: string) => t.Number({ default: value, minimum: 0, maximum: 1, description })
const atLeast0 = (value: number, description: string) => t.Number({ default: value, minimum: 0, description })
const above0 = (value: number, description: string) => t.Number({ default: value, exclusiveMinimum: 0, description })

export const AlertSettings = t.Object(
  {
    rules: rules(true, 'The rules that are watched.'),
    check_every_s: above0(30, 'Seconds between two looks.'),
    hold_s: atLeast0(
      60,
      'Seconds that something has to last before it is told. What happens to one account is told at once.',
    ),
    recover_after_s: atLeast0(300, 'Seconds that it has to be well again before that is told.'),
    window_s: above0(900, 'Seconds over which failures and durations are looked at.'),
    least_jobs: t.Integer({ default: 5, minimum: 1, description: 'Fewer jobs in that time say nothing.' }),
    pool_ready_share: share(0.25, 'Told where no more of the accounts than this are ready.'),
    credits_least: atLeast0(0, 'Told where no more credits than this are left. 0: not told.'),
    credits_last_h: atLeast0(24, 'Told where the credits last for fewer hours at the present pace. 0: not told.'),
    error_rate: share(0.3, 'Told where this share of the jobs fails. Refused prompts do not count.'),
    slow_image_s: atLeast0(120, 'Told where images take longer in the mean; seconds. 0: not told.'),
    slow_video_s: atLeast0(900, 'The same for videos.'),
    disk_free_mb: atLeast0(1024, 'Told where less is free for data or tmp. 0: not told.'),
    memory_mb: atLeast0(2048, 'Told where the gateway takes more memory. 0: not told.'),
    quiet_from: timeOfDay('Begin of the hours in which nothing is sent. Empty: there are none.'),
    quiet_to: timeOfDay('Their end. What is not over by then is told.'),
    quiet_time_zone: t.String({ default: '', description: 'Such as Europe/Berlin. Empty: that of the machine.' }),
    quiet_except: rules(false, 'Rules that are told at any hour.'),
    webhook_url: address('Gets every alert as JSON.'),
    webhook_secret: secret(
      t.String({ default: '', ...SIGNING_KEY, description: 'Key of its signatures. Empty: it is not signed.' }),
    ),
    slack_url: address('Address of an incoming webhook of Slack.'),
    discord_url: address('Address of a webhook of Discord.'),
    telegram_token: address('Token of a Telegram bot.'),
    telegram_chat: t.String({ default: '', description: 'Id of the chat that the bot writes to.' }),
    telegram_api_url: t.String({
      default: 'https://api.telegram.org',
      pattern: '^https?://[^\\s]+$',
      error: 'an http:// or https:// address',
      description: 'Where the Bot API is served.',
    }),
    allow_private: t.Boolean({ default: false, description: 'Whether these may be private addresses.' }),
    smtp_url: secret(
      t.String({
        default: '',
        pattern: '^(smtps?://[^\\s]+)?$',
        error: '"smtp://user:password@host:587", "smtps://…", or ""',
        description: 'The mail server.',
      }),
    ),
    email_from: t.String({ default: '', description: 'Sender of the e-mails.' }),
    email_to: t.Array(t.String({ minLength: 3 }), { default: [], description: 'Who gets them.' }),
    timeout_s: above0(10, 'Seconds that a receiver may take.'),
    give_up_after_h: atLeast0(6, 'Hours for which a message that fails is repeated.'),
  },
  { additionalProperties: false },
)
export type AlertSettings = Static<typeof AlertSettings>
