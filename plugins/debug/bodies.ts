/** Bodies of requests and answers, without taking them from whom they are for. Never throws. */
import { show, showText } from './mask.ts'

/** Whose it is: a client's request, the answer to it, or what an upstream answered. */
export type Whose = 'request' | 'answer' | 'upstream'

const JSON_TYPE = /^application\/(json|[\w.+-]+\+json)\b/i
const READ: Readonly<Record<Whose, RegExp>> = {
  request: /^(application\/(json|x-www-form-urlencoded|[\w.+-]+\+json)|text\/plain)\b/i,
  // Other text may be a stream.
  answer: JSON_TYPE,
  upstream: /^(application\/(json|[\w.+-]+\+json)|text\/(plain|html))\b/i,
}
/** What operators send there is credentials, and a mistake puts one where no name gives it away. */
const OPERATORS = /^\/(admin|api\/plugin)\//
/** Longer ones are media within JSON as a rule. */
const MOST_SENT = 2 ** 20
const MOST_ANSWERED = 4 * 2 ** 20

/** As it can be shown; undefined where there is none. To be called before anybody else reads the body. */
export function bodyOf(message: Request | Response, whose: Whose, mask: boolean): Promise<string> | undefined {
  const type = message.headers.get('content-type') ?? ''
  const length = message.headers.get('content-length')
  const bytes = length === null ? undefined : Number(length)
  // A request says whether it has one; clients name a type without.
  if (whose === 'request' && bytes === undefined && !message.headers.has('transfer-encoding')) return undefined
  if (bytes === 0 || message.bodyUsed || (type === '' && bytes === undefined)) return undefined
  const named = `<${type.split(';')[0] || 'no type'}${bytes === undefined ? '' : `, ${bytes} bytes`}>`
  const left = () => Promise.resolve(named)
  if (!READ[whose].test(type)) return left()
  // A body without a length may never end, and a second reader would keep it from being cancelled.
  if (whose === 'request' && (bytes === undefined || bytes > MOST_SENT)) return left()
  if (message.headers.has('x-accel-buffering') || (bytes ?? 0) > MOST_ANSWERED) return left()
  try {
    return message
      .clone()
      .text()
      .then(text => {
        if (text.length > MOST_ANSWERED) return named
        return mask && whose === 'request' && ofOperator(message) ? showNames(text, named) : showBody(text, type, mask)
      })
      .catch(() => named)
  } catch {
    return left()
  }
}

const ofOperator = (message: Request | Response): boolean => OPERATORS.test(URL.parse(message.url)?.pathname ?? '')

/** JSON without its texts. */
function showNames(text: string, otherwise: string): string {
  try {
    return show(
      JSON.parse(text, (_name, value: unknown) => (typeof value === 'string' ? '***' : value)),
      { mask: true },
    )
  } catch {
    return otherwise
  }
}

/** What was sent, or came, as one line. */
export function showBody(text: string, type: string, mask: boolean): string {
  if (/urlencoded/i.test(type)) return show(new URLSearchParams(text), { mask })
  try {
    return show(JSON.parse(text), { mask })
  } catch {
    return showText(text, { mask })
  }
}

/** Of a request that goes out. */
export function showSent(body: RequestInit['body'], mask: boolean): string | undefined {
  if (body === undefined || body === null) return undefined
  return typeof body === 'string' ? showBody(body, '', mask) : show(body, { mask })
}
