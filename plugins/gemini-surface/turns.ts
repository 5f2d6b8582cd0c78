/** Conversations: what of them is the prompt, and which pictures go with it. */
import { domainFault, LONGEST_PROMPT, type SuppliedInput } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'

export interface Turn {
  readonly role: 'user' | 'model'
  readonly texts: readonly string[]
  readonly inputs: readonly SuppliedInput[]
}

interface Asked {
  readonly prompt: string
  readonly inputs: readonly SuppliedInput[]
}

/**
 * The texts and pictures of the last turn that is not the model's. Pictures of the nearest turn before it that has some
 * come behind them, as far as the model takes them: a conversation goes on with what it made.
 */
export function askedIn(turns: readonly Turn[], param: string): Result<Asked, Fault> {
  const at = turns.findLastIndex(({ role }) => role === 'user')
  const last = turns[at]
  const prompt = last?.texts.join('\n').trim() ?? ''
  if (last === undefined || prompt === '')
    return err(
      domainFault('missing_required_parameter', `\`${param}\` has no text to work from. Say what to make.`, { param }),
    )
  if (prompt.length > LONGEST_PROMPT)
    return err(
      domainFault('invalid_value', `\`${param}\` has more than ${LONGEST_PROMPT} characters of text.`, { param }),
    )
  const earlier = turns.slice(0, at).findLast(({ inputs }) => inputs.length > 0)
  const spare = earlier?.inputs.map(input => ({ ...input, optional: true as const })) ?? []
  return ok({ prompt, inputs: [...last.inputs, ...spare] })
}
