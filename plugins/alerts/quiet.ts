/** The hours in which nothing is sent. Pure. */

const MINUTE_MS = 60_000
const DAY_MINUTES = 24 * 60

export interface QuietHours {
  /** Minutes since midnight. */
  readonly from: number
  readonly to: number
  /** IANA name; undefined: that of the machine. */
  readonly timeZone: string | undefined
}

/** `22:00` → 1320. */
export const minuteOfDay = (text: string): number => {
  const [hours = '0', minutes = '0'] = text.split(':')
  return Number(hours) * 60 + Number(minutes)
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

function localMinute(now: number, timeZone: string | undefined): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(timeZone !== undefined && { timeZone }),
  }).format(now)
  return minuteOfDay(parts)
}

/** When the quiet hours that are now will be over; undefined where it is not quiet. */
export function quietUntil(quiet: QuietHours | undefined, now: number): number | undefined {
  if (!quiet || quiet.from === quiet.to) return undefined
  const minute = localMinute(now, quiet.timeZone)
  const length = (quiet.to - quiet.from + DAY_MINUTES) % DAY_MINUTES
  const gone = (minute - quiet.from + DAY_MINUTES) % DAY_MINUTES
  if (gone >= length) return undefined
  return (Math.floor(now / MINUTE_MS) + length - gone) * MINUTE_MS
}
