/** By what a repeated request is recognised. */
import { fingerprintOf as fingerprintOfValues } from 'flow2api/contracts'
import type { Body } from './body.ts'

/** Of endpoint and body, whatever form the latter came in. A promise only where there are files. */
export const fingerprintOf = (endpoint: string, { values, textual }: Body): string | Promise<string> =>
  fingerprintOfValues(endpoint, values, textual)
