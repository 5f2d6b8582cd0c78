/** The operator's session. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from './client.ts'
import type { Operator } from './types.ts'

export const SESSION = ['session'] as const

/** null: nobody is signed in. */
export const useOperator = () =>
  useQuery({
    queryKey: SESSION,
    queryFn: async () => (await call<{ readonly operator: Operator | null }>('GET', '/session')).operator,
    staleTime: Number.POSITIVE_INFINITY,
  })

export function useSignIn() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (sent: { username: string; password: string }) => call<object>('POST', '/login', sent),
    onSuccess: () => client.invalidateQueries({ queryKey: SESSION }),
  })
}

export function useSignOut() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<void>('POST', '/logout'),
    onSettled: () => {
      client.clear()
      client.setQueryData(SESSION, null)
    },
  })
}
