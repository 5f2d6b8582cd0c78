/** Times, sizes and numbers, as the browser's owner writes them. The API has unix seconds and UTC. */
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const short = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' })
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' })
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const fine = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

export const dateTime = (seconds: number): string => moment.format(seconds * 1000)
export const shortTime = (seconds: number): string => short.format(seconds * 1000)
export const clockTime = (seconds: number): string => clock.format(seconds * 1000)

const STEPS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

/** `3 min. ago`, `in 2 hr.` */
export function ago(seconds: number, now = Date.now() / 1000): string {
  const distance = Math.round(seconds - now)
  for (const [unit, length] of STEPS)
    if (Math.abs(distance) >= length || unit === 'second') return relative.format(Math.round(distance / length), unit)
  return ''
}

export const number = (value: number): string => whole.format(value)

export function duration(seconds: number): string {
  if (seconds < 60) return `${fine.format(seconds)} s`
  if (seconds < 3_600)
    return `${whole.format(Math.floor(seconds / 60))} min ${whole.format(Math.round(seconds % 60))} s`
  if (seconds < 172_800) return `${fine.format(seconds / 3_600)} h`
  return `${fine.format(seconds / 86_400)} d`
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} B`
  if (value < 1024 ** 2) return `${fine.format(value / 1024)} kB`
  if (value < 1024 ** 3) return `${fine.format(value / 1024 ** 2)} MB`
  return `${fine.format(value / 1024 ** 3)} GB`
}

export const percent = (share: number): string => `${fine.format(share * 100)} %`
