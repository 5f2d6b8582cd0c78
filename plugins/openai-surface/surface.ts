/** What every route of the surface works with, and the way into it: the key first. */
import { authorized, type Caller, faultResponse, type ModelsView, type SurfaceWorld } from 'flow2api/contracts'
import type { Contributions } from 'flow2api/plugin'
import type { Remixes } from './remixes.ts'

export { unexpectedFault as unexpected } from 'flow2api/contracts'

export interface Surface extends Omit<SurfaceWorld, 'refuse'> {
  readonly views: Contributions<ModelsView>
  readonly remixes: Remixes
}

/** The surface as what is alike in every API sees it. */
export const worldOf = (surface: Surface): SurfaceWorld => ({
  ...surface,
  refuse: (fault, jobId) => faultResponse(fault, jobId === undefined ? {} : { jobId }),
})

/** Nothing is read or answered before the API key is right. */
export const authenticated = (
  surface: Surface,
  request: Request,
  answer: (caller: Caller) => Response | Promise<Response>,
): Promise<Response> => authorized(surface.auth, request, 'api', answer)
