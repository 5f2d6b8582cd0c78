/** Who is signed in decides what there is to see. */
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { newQueryClient } from './api/query-client.ts'
import { useOperator } from './api/session.ts'
import { nonce } from './nonce.ts'
import { Problem } from './parts/problem.tsx'
import { Waiting } from './parts/waiting.tsx'
import { PrivacyProvider } from './privacy.tsx'
import { Shell } from './shell.tsx'
import { theme } from './theme.ts'

const SignIn = lazy(() => import('./pages/sign-in.tsx'))

export function App() {
  const [client] = useState(newQueryClient)
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" getStyleNonce={nonce}>
      <QueryClientProvider client={client}>
        <PrivacyProvider>
          <Notifications position="bottom-right" />
          <Gate />
        </PrivacyProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}

function Gate() {
  const operator = useOperator()
  if (operator.isPending) return <Waiting />
  if (operator.isError) return <Problem error={operator.error} retry={operator.refetch} />
  if (operator.data) return <Shell operator={operator.data} />
  return (
    <Suspense fallback={<Waiting />}>
      <SignIn />
    </Suspense>
  )
}
