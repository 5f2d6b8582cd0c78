/** What each kind of receiver is sent. Pure. */
import type { Delivery } from './outbox.ts'
import { SEVERITY } from './rule-names.ts'

/** Discord refuses longer ones; the others take more. */
const LONGEST = 1_900
const cut = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text)

export type Message = Pick<Delivery, 'id' | 'event' | 'rule' | 'subject' | 'title' | 'text' | 'since' | 'createdAt'>

export const subjectLine = ({ event, title }: Message): string =>
  event === 'recovered' ? `Recovered: ${title}` : title

export const plainText = (message: Message, gateway: string): string =>
  cut([subjectLine(message), message.text, gateway].filter(line => line !== '').join('\n'))

export const generic = (message: Message, gateway: string) => ({
  id: message.id,
  object: 'event',
  type: `alert.${message.event}`,
  created_at: Math.floor(message.createdAt / 1000),
  data: {
    rule: message.rule,
    subject: message.subject,
    severity: message.rule === null ? null : SEVERITY[message.rule],
    title: message.title,
    text: message.text,
    since: Math.floor(message.since / 1000),
    gateway,
  },
})

/** Slack reads these three as markup. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export const slack = (message: Message, gateway: string) => ({ text: escaped(plainText(message, gateway)) })

/** Nobody is called by what a text happens to contain. */
export const discord = (message: Message, gateway: string) => ({
  content: plainText(message, gateway),
  allowed_mentions: { parse: [] },
})

export const telegram = (message: Message, gateway: string, chat: string) => ({
  chat_id: chat,
  text: plainText(message, gateway),
  link_preview_options: { is_disabled: true },
})
