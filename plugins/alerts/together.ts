/** One message for what turns for many accounts at one look: nobody reads two hundred of them. Pure. */
import type { Turn } from './alarms.ts'
import type { RuleName } from './rule-names.ts'

/** So many are told one by one. */
const MOST_ALONE = 3
const MOST_NAMED = 20
const MOST_TEXTS = 5

const TITLES: Partial<Record<RuleName, (count: number) => string>> = {
  account_disabled: count => `${count} accounts are switched off`,
  account_needs_session: count => `${count} accounts need a new session`,
}

/** `turns`: of one rule. */
export function together(turns: readonly Turn[]): readonly Turn[] {
  return [...Map.groupBy(turns, ({ event }) => event).values()].flatMap(alike => {
    const [first] = alike
    const title = first && TITLES[first.rule]
    return first && title && alike.length > MOST_ALONE ? [oneOf(first, alike, title(alike.length))] : alike
  })
}

const oneOf = ({ event, rule }: Turn, turns: readonly Turn[], title: string): Turn => ({
  event,
  rule,
  subject: turns.map(({ subject }) => subject).join(','),
  title,
  text: textOf(turns),
  since: Math.min(...turns.map(({ since }) => since)),
})

/** What is said of several is said once. */
function textOf(turns: readonly Turn[]): string {
  const texts = [...Map.groupBy(turns, ({ text }) => text)].toSorted(([, a], [, b]) => b.length - a.length)
  const lines = texts.slice(0, MOST_TEXTS).map(([text, alike]) => `${named(alike)}: ${text}`)
  const rest = texts.slice(MOST_TEXTS).reduce((count, [, alike]) => count + alike.length, 0)
  return [...lines, ...(rest > 0 ? [`And ${rest} more.`] : [])].join('\n')
}

function named(turns: readonly Turn[]): string {
  const names = turns.slice(0, MOST_NAMED).map(({ subject }) => `#${subject}`)
  const more = turns.length - names.length
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '')
}
