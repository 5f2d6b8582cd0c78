/** Requests that nobody sends on purpose. None of them may be paid for: each has a definite mistake, or names no model. */
import fc from 'fast-check'
import { broken, closedDeep, deep, tiring } from './broken.ts'
import { badFile, flawed, flawedForm, keyless } from './mistaken.ts'
import { noise, oddForm } from './noise.ts'
import { oddHeaders, oddQuery, oddSegment, pick } from './odd.ts'
import type { FuzzRequest } from './request.ts'

/** Asking and deleting: nothing to pay for in any case. */
const ASKING = [
  ['GET', '/v1/models'],
  ['GET', '/v1/models/{id}'],
  ['GET', '/v1/videos'],
  ['GET', '/v1/videos/{id}'],
  ['GET', '/v1/videos/{id}/content'],
  ['DELETE', '/v1/videos/{id}'],
  ['GET', '/v1/jobs/{id}'],
  ['GET', '/v1/jobs/{id}/events'],
  ['POST', '/v1/jobs/{id}/cancel'],
  ['POST', '/v1/videos/characters'],
  ['PUT', '/v1/videos/{id}'],
  ['PATCH', '/v1/images/generations'],
  ['OPTIONS', '/v1/chat/completions'],
  ['HEAD', '/v1/models'],
  ['GET', '/tmp/{id}'],
  ['GET', '/v1/{id}'],
] as const
const asking: fc.Arbitrary<FuzzRequest> = fc
  .tuple(pick(ASKING), oddSegment, oddQuery, oddHeaders)
  .map(([[method, path], id, query, headers]) => ({
    method,
    path: `${path.replace('{id}', id)}${query}`,
    headers,
    expect: 'anything',
  }))

export const fuzzRequests: fc.Arbitrary<FuzzRequest> = fc.oneof(
  { weight: 6, arbitrary: flawed },
  { weight: 1, arbitrary: flawedForm },
  { weight: 2, arbitrary: badFile },
  { weight: 5, arbitrary: noise },
  { weight: 4, arbitrary: oddForm },
  { weight: 4, arbitrary: broken },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: closedDeep },
  { weight: 1, arbitrary: tiring },
  { weight: 4, arbitrary: asking },
  { weight: 1, arbitrary: keyless },
)
