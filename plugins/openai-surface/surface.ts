/** What every route of the surface works with, and the way into it: the key first. */
import { authorized, type Caller, type ModelsView, type SurfaceWorld } from 'flow2api/contracts'
import type { Contributions } from 'flow2api/plugin'
import type { Remixes } from './remixes.ts'

export interface Surface extends SurfaceWorld {
  readonly views: Contributions<ModelsView>
  readonly remixes: Remixes
}

/** Nothing is read or answered before the API key is right. */
export const authenticated = (
  surface: Surface,
  request: Request,
  answer: (caller: Caller) => Response | Promise<Response>,
): Promise<Response> => authorized(surface.auth, request, 'api', answer)
