/**
 * Failures that must not be repeated, for clients that look at the status alone: the AI SDK asks again at each from 500 on,
 * whatever `x-should-retry` says, and what was paid for would be paid for again.
 */
const LOOKS_AT_STATUS_ALONE = /\bai-sdk[-/]/i
/** "Cannot be processed" is as near to the truth as a status comes that nobody repeats. */
const NOT_AGAIN = 422

export function toldForGood(request: Request, answer: Response): Response {
  const { status, headers } = answer
  const forGood = status >= 500 && headers.get('x-should-retry') === 'false' && !headers.has('retry-after')
  return forGood && LOOKS_AT_STATUS_ALONE.test(request.headers.get('user-agent') ?? '')
    ? new Response(answer.body, { status: NOT_AGAIN, headers })
    : answer
}
