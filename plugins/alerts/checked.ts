/** What the schema of the settings cannot say. Throws `config_invalid`, without repeating a secret. */
import type { GuardedFetch } from 'flow2api/contracts'
import { FaultError, fault, type Handle } from 'flow2api/plugin'
import { addresses } from './channels.ts'
import { mailServer } from './mail.ts'
import { isTimeZone, minuteOfDay, type QuietHours } from './quiet.ts'
import type { AlertSettings } from './settings.ts'

export async function checked(
  settings: AlertSettings,
  guard: Handle<GuardedFetch>,
): Promise<{ readonly quiet: QuietHours | undefined }> {
  const { quiet_from: from, quiet_to: to, quiet_time_zone: timeZone } = settings
  if ((from === '') !== (to === '')) throw wrong('quiet_from and quiet_to belong together. Set both, or none.')
  if (timeZone !== '' && !isTimeZone(timeZone))
    throw wrong('quiet_time_zone is not known. Write a name such as "Europe/Berlin".')

  if ((settings.telegram_token === '') !== (settings.telegram_chat === ''))
    throw wrong('telegram_token and telegram_chat belong together. Set both, or none.')
  const parts = [settings.smtp_url !== '', settings.email_from !== '', settings.email_to.length > 0]
  if (parts.some(Boolean) && !parts.every(Boolean))
    throw wrong('smtp_url, email_from and email_to belong together. Set all, or none.')
  if (settings.smtp_url !== '' && !mailServer(settings.smtp_url))
    throw wrong('smtp_url is no address of a mail server. Percent-encode special characters of user and password.')

  for (const [name, url] of Object.entries(addresses(settings))) {
    const usable = await guard.check(url, settings.allow_private)
    if (usable.isErr())
      throw wrong(
        `the address of ${name} cannot be used: ${usable.error.message} Or set allow_private, where it is on purpose.`,
      )
  }
  return {
    quiet:
      from === ''
        ? undefined
        : { from: minuteOfDay(from), to: minuteOfDay(to), timeZone: timeZone === '' ? undefined : timeZone },
  }
}

const wrong = (what: string) =>
  new FaultError(fault('config_invalid', `alerts: ${what}`, { blame: 'gateway', retry: 'never' }))
