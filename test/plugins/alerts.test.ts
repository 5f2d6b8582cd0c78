/** The pure parts: quiet hours, the pace of credits, mail servers, and what receivers are sent. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { mailServer } from '../../plugins/alerts/mail.ts'
import { discord, type Message, plainText, slack } from '../../plugins/alerts/messages.ts'
import { paceOf } from '../../plugins/alerts/pace.ts'
import { isTimeZone, minuteOfDay, quietUntil } from '../../plugins/alerts/quiet.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const at = (time: string, zone = 'Z') => Date.parse(`2026-06-01T${time}:00${zone}`)

describe('quiet hours', () => {
  const night = { from: minuteOfDay('22:00'), to: minuteOfDay('07:00'), timeZone: 'UTC' }

  test('go over midnight, from the first minute to before the last', () => {
    expect(quietUntil(night, at('21:59'))).toBeUndefined()
    expect(quietUntil(night, at('22:00'))).toBe(at('07:00') + 24 * HOUR_MS)
    expect(quietUntil(night, at('06:59') + 59_000)).toBe(at('07:00'))
    expect(quietUntil(night, at('07:00'))).toBeUndefined()
    expect(quietUntil(undefined, at('23:00'))).toBeUndefined()
  })

  test('are those of their time zone', () => {
    const berlin = { ...night, timeZone: 'Europe/Berlin' }
    expect(quietUntil(berlin, at('20:00'))).toBe(at('05:00') + 24 * HOUR_MS)
    expect(quietUntil(berlin, at('19:59'))).toBeUndefined()
    expect([isTimeZone('Europe/Berlin'), isTimeZone('Nowhere/Else')]).toEqual([true, false])
  })

  test('always end, within a day, and then it is not quiet', () => {
    const minute = fc.integer({ min: 0, max: 1439 })
    fc.assert(
      fc.property(minute, minute, fc.integer({ min: 0, max: 2e12 }), (from, to, now) => {
        const quiet = { from, to, timeZone: 'UTC' }
        const until = quietUntil(quiet, now)
        if (until === undefined) return
        expect(until).toBeGreaterThan(now)
        expect(until - now).toBeLessThanOrEqual(24 * HOUR_MS)
        expect(quietUntil(quiet, until)).toBeUndefined()
      }),
    )
  })
})

describe('pace', () => {
  const sample = (minutes: number, credits: number, accounts = 1) => ({ at: minutes * MINUTE_MS, credits, accounts })

  test('is what was used an hour', () => {
    expect(paceOf([sample(0, 100), sample(30, 90), sample(60, 80)])).toEqual({ perHour: 20, leftH: 4 })
  })

  test('new credits, and accounts that come or go, are no use', () => {
    expect(paceOf([sample(0, 100), sample(30, 90), sample(45, 500), sample(60, 490)])).toEqual({
      perHour: 20,
      leftH: 24.5,
    })
    expect(paceOf([sample(0, 1000, 2), sample(30, 100, 1), sample(60, 80, 1)])).toEqual({ perHour: 20, leftH: 4 })
  })

  test('cannot be told from little', () => {
    expect(paceOf([])).toBeUndefined()
    expect(paceOf([sample(0, 100), sample(29, 50)])).toBeUndefined()
    expect(paceOf([sample(0, 100), sample(60, 100)])).toBeUndefined()
  })
})

test('a mail server, and that a password needs a protected way to it', () => {
  expect(mailServer('smtp://u%40x:p%2Fw@mail.example.com')).toEqual({
    host: 'mail.example.com',
    port: 587,
    secure: false,
    requireTLS: true,
    auth: { user: 'u@x', pass: 'p/w' },
  })
  expect(mailServer('smtps://mail.example.com')).toEqual({
    host: 'mail.example.com',
    port: 465,
    secure: true,
    requireTLS: false,
  })
  expect(mailServer('smtp://u:p@127.0.0.1:2525')).toMatchObject({ port: 2525, requireTLS: false })
  for (const bad of ['', 'http://mail.example.com', 'smtp://', 'smtp://u:%@mail.example.com'])
    expect(mailServer(bad)).toBeUndefined()
})

describe('messages', () => {
  const message: Message = {
    id: 'alr_1',
    event: 'fired',
    rule: 'slow',
    subject: 'image',
    title: 'Images <take> long',
    text: '@everyone & all',
    since: 0,
    createdAt: 0,
  }

  test('Slack reads no markup in them, and Discord calls nobody', () => {
    expect(slack(message, 'http://gw').text).toBe('Images &lt;take&gt; long\n@everyone &amp; all\nhttp://gw')
    expect(discord(message, '').allowed_mentions).toEqual({ parse: [] })
  })

  test('are never longer than the strictest receiver takes', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 4_000 }), fc.string({ maxLength: 4_000 }), (title, text) => {
        expect(plainText({ ...message, title, text }, 'http://gw').length).toBeLessThanOrEqual(2_000)
      }),
    )
  })
})
