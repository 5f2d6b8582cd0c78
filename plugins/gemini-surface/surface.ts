/** What every route of the surface works with, and the way into it: the key first. */
import { authorized, type Caller, type SurfaceWorld } from 'flow2api/contracts'
import { keyRefusal } from './errors.ts'

/** The same routes under both: clients differ in which they ask (api-surfaces B.1). */
export const PREFIXES = ['/v1beta', '/v1'] as const

/** Nothing is read or answered before the API key is right. */
export const authenticated = (
  world: SurfaceWorld,
  request: Request,
  answer: (caller: Caller) => Response | Promise<Response>,
): Promise<Response> => authorized(world.auth, request, 'api', answer, fault => keyRefusal(fault, request))
