/**
 * Chat programs ask the model of a conversation for its title, tags and the like, in requests that look like any other.
 * A picture is no answer to these and would be paid for (api-surfaces A.6).
 */
/** How Open WebUI begins them all, and where it puts the conversation. */
const TASK = /^#{3} Task:\s/
const [HISTORY, END_OF_HISTORY] = ['<chat_history>', '</chat_history>']
const SAID = /^[ \t]*USER:[ \t]*(\S.*)$/gim

const LONGEST_TITLE = 40

/** What answers each, by the key that the request wants in its JSON. `said`: what the user said, in order. */
const ANSWERS: Readonly<Record<string, (said: readonly string[]) => unknown>> = {
  title: said => shortened(said[0] ?? 'Pictures'),
  tags: () => [],
  follow_ups: () => [],
  queries: () => [],
  text: () => '',
  prompt: said => said.at(-1) ?? '',
}

/** The answer to such a request; undefined where it is none. `text` is the last message of the user. */
export function auxiliaryAnswer(text: string): string | undefined {
  const begin = TASK.test(text) ? text.indexOf(HISTORY) : -1
  const end = begin === -1 ? -1 : text.indexOf(END_OF_HISTORY, begin)
  if (end === -1) return undefined
  const history = text.slice(begin + HISTORY.length, end)
  const said = [...history.matchAll(SAID)].map(([, line = '']) => line.trim())
  for (const [key, answer] of Object.entries(ANSWERS))
    if (new RegExp(`\\{\\s*"${key}"\\s*:`).test(text)) return JSON.stringify({ [key]: answer(said) })
  return undefined
}

function shortened(text: string): string {
  if (text.length <= LONGEST_TITLE) return text
  const cut = text.slice(0, LONGEST_TITLE)
  const space = cut.lastIndexOf(' ')
  return `${space > 0 ? cut.slice(0, space) : cut}…`
}

/** Without a job: nothing was made. */
export const auxiliaryCompletion = (id: string, created: number, model: string, content: string) => ({
  id: `chatcmpl-${id}`,
  object: 'chat.completion',
  created,
  model,
  choices: [
    { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
  ],
  usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
})
