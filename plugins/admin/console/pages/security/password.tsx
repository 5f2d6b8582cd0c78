/** A new password; it ends every session, this one too. */
import { Alert, Button, PasswordInput, Stack, Title } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client.ts'
import { SESSION, useOperator } from '../../api/session.ts'
import { Problem } from '../../parts/problem.tsx'
import { texts } from '../../texts.ts'

const { security, signIn } = texts

export function Password() {
  const client = useQueryClient()
  const operator = useOperator()
  const [before, setBefore] = useState('')
  const [after, setAfter] = useState('')
  const change = useMutation({
    mutationFn: () => call<void>('POST', '/password', { old_password: before, new_password: after }),
    onSuccess: () => {
      notifications.show({ message: security.changed, color: 'teal' })
      client.setQueryData(SESSION, null)
    },
  })
  return (
    <section>
      <Title order={2} size="h4" mb="sm">
        {security.password}
      </Title>
      {operator.data?.password_fixed ? (
        <Alert color="gray" variant="light">
          {security.fixed}
        </Alert>
      ) : (
        <form
          onSubmit={event => {
            event.preventDefault()
            change.mutate()
          }}
        >
          <Stack maw={400}>
            <PasswordInput
              label={security.oldPassword}
              autoComplete="current-password"
              required
              value={before}
              visibilityToggleButtonProps={{ 'aria-label': signIn.showPassword }}
              onChange={event => setBefore(event.currentTarget.value)}
            />
            <PasswordInput
              label={security.newPassword}
              description={security.newPasswordHint}
              autoComplete="new-password"
              required
              minLength={8}
              value={after}
              visibilityToggleButtonProps={{ 'aria-label': signIn.showPassword }}
              onChange={event => setAfter(event.currentTarget.value)}
            />
            {change.isError && <Problem error={change.error} />}
            <Button type="submit" loading={change.isPending} w="fit-content">
              {security.change}
            </Button>
          </Stack>
        </form>
      )}
    </section>
  )
}
