/** E-mail. It goes to the operator's own mail server, directly: proxies are for upstreams. */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, messageOf, ok, type Result } from 'flow2api/plugin'
import { type Message, plainText, subjectLine } from './messages.ts'
import type { AlertSettings } from './settings.ts'

export type Mailer = (message: Message, gateway: string, signal: AbortSignal) => Promise<Result<void, Fault>>

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

export interface MailServer {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  /** A password is not sent in the clear over a network, also where the server would take it so. */
  readonly requireTLS: boolean
  readonly auth?: { readonly user: string; readonly pass: string }
}

/** Undefined where it is no address of a mail server. */
export function mailServer(url: string): MailServer | undefined {
  const { protocol, hostname, port, username, password } = URL.parse(url) ?? {}
  if (!hostname || (protocol !== 'smtp:' && protocol !== 'smtps:')) return undefined
  const secure = protocol === 'smtps:'
  const [user, pass] = [decoded(username), decoded(password)]
  if (user === undefined || pass === undefined) return undefined
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port ? Number(port) : secure ? 465 : 587,
    secure,
    requireTLS: !secure && user !== '' && !LOOPBACK.test(hostname),
    ...(user !== '' && { auth: { user, pass } }),
  }
}

function decoded(part = ''): string | undefined {
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** Undefined where e-mail is not set up. */
export function mailer({ smtp_url, email_from: from, email_to: to, timeout_s }: AlertSettings): Mailer | undefined {
  const server = mailServer(smtp_url)
  if (!server || from === '' || to.length === 0) return undefined
  const timeoutMs = timeout_s * 1000
  return async (message, gateway, signal) => {
    // Read when the first e-mail goes out: most gateways send none.
    const { createTransport } = await import('nodemailer')
    const transport = createTransport({
      ...server,
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    const aborted = Promise.withResolvers<never>()
    const abort = () => aborted.reject(new Error('it was broken off'))
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    try {
      const sent = transport.sendMail({
        from,
        to: [...to],
        subject: `[Flow2API] ${subjectLine(message)}`,
        text: `${plainText(message, gateway)}\n`,
        // The same at every attempt, so that a mailbox may drop what it has.
        messageId: `<${message.id}@flow2api>`,
      })
      await Promise.race([sent, aborted.promise])
      return ok()
    } catch (cause) {
      const why = `The e-mail could not be sent through ${server.host}: ${messageOf(cause)}`
      return err(domainFault(signal.aborted ? 'cancelled' : 'upstream_error', why, { cause }))
    } finally {
      signal.removeEventListener('abort', abort)
      transport.close()
    }
  }
}
