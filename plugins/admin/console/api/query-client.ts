/** What is asked again, how often, and what the end of a session does. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ApiError } from './client.ts'
import { SESSION } from './session.ts'

/** Nobody is signed in any more. */
const ended = (cause: unknown): boolean =>
  cause instanceof ApiError && cause.status === 401 && cause.code === 'admin_required'

export function newQueryClient(): QueryClient {
  const signOut = (cause: unknown) => {
    if (ended(cause)) client.setQueryData(SESSION, null)
  }
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({ onError: signOut }),
    mutationCache: new MutationCache({ onError: signOut }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // What is not looked at is forgotten soon: a console stays open for days.
        gcTime: 60_000,
        // A refusal stays one; only a gateway that cannot be reached may come back.
        retry: (count, cause) => count < 2 && cause instanceof ApiError && (cause.status === 0 || cause.status >= 502),
      },
    },
  })
  return client
}
