/** Over which ways alerts go out, as the settings say. */
import { domainFault, type GuardedFetch, signedHeaders } from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, ResultAsync } from 'flow2api/plugin'
import { mailer } from './mail.ts'
import { discord, generic, type Message, slack, telegram } from './messages.ts'
import type { ChannelName } from './rule-names.ts'
import type { AlertSettings } from './settings.ts'

export interface Channel {
  readonly name: ChannelName
  /** Faults name the receiver by its host alone: addresses of receivers are secrets. */
  send(message: Message, signal: AbortSignal): ResultAsync<void, Fault>
}

export interface ChannelParts {
  readonly settings: AlertSettings
  readonly guard: Handle<GuardedFetch>
  /** The address of the gateway, for those who get more than one's alerts. */
  gateway(): string
  /** In milliseconds. */
  now(): number
}

/** Nobody reads what receivers answer. */
const MOST_BYTES = 64 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }

/** What is posted where, by channel. */
export function addresses(settings: AlertSettings): Readonly<Partial<Record<ChannelName, string>>> {
  const { telegram_token: token, telegram_api_url: api } = settings
  const urls = {
    webhook: settings.webhook_url.trim(),
    slack: settings.slack_url.trim(),
    discord: settings.discord_url.trim(),
    telegram: token.trim() === '' ? '' : `${api.replace(/\/+$/, '')}/bot${token.trim()}/sendMessage`,
  }
  return Object.fromEntries(Object.entries(urls).filter(([, url]) => url !== ''))
}

export function channelsOf({ settings, guard, gateway, now }: ChannelParts): readonly Channel[] {
  const bodies = {
    webhook: (message: Message) => generic(message, gateway()),
    slack: (message: Message) => slack(message, gateway()),
    discord: (message: Message) => discord(message, gateway()),
    telegram: (message: Message) => telegram(message, gateway(), settings.telegram_chat),
  }
  const urls = addresses(settings)
  const key = settings.webhook_secret
  const posts = (['webhook', 'slack', 'discord', 'telegram'] as const).flatMap((name): Channel[] => {
    const url = urls[name]
    if (url === undefined) return []
    const post = (message: Message, signal: AbortSignal) => {
      const body = JSON.stringify(bodies[name](message))
      return guard
        .fetch(url, {
          method: 'POST',
          headers: name === 'webhook' && key !== '' ? signedHeaders(message.id, body, key, now()) : JSON_TYPE,
          body,
          signal,
          maxBytes: MOST_BYTES,
          allowPrivate: settings.allow_private,
        })
        .andThen(({ status }) => (status >= 200 && status < 300 ? ok() : err(refused(name, status))))
    }
    return [{ name, send: post }]
  })
  const mail = mailer(settings)
  if (!mail) return posts
  const send = (message: Message, signal: AbortSignal) => new ResultAsync(mail(message, gateway(), signal))
  return [...posts, { name: 'email', send }]
}

const refused = (name: ChannelName, status: number): Fault =>
  domainFault('upstream_error', `The receiver of ${name} answered with status ${status}.`)
