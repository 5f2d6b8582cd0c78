/** The way in. */
import { Button, Center, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useState } from 'react'
import { useSignIn } from '../api/session.ts'
import { Problem } from '../parts/problem.tsx'
import { texts } from '../texts.ts'

const { signIn } = texts

export default function SignIn() {
  const [username, setUsername] = useState('admin')
  const [password, setPassword] = useState('')
  const signing = useSignIn()
  useDocumentTitle(`${signIn.title} · Flow2API`)
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder shadow="sm" p="xl" w="100%" maw={400}>
        <form
          onSubmit={event => {
            event.preventDefault()
            signing.mutate({ username, password })
          }}
        >
          <Stack>
            <div>
              <Title order={1} size="h3">
                Flow2API
              </Title>
              <Text c="dimmed" size="sm">
                {signIn.hint}
              </Text>
            </div>
            <TextInput
              label={signIn.username}
              autoComplete="username"
              required
              value={username}
              onChange={event => setUsername(event.currentTarget.value)}
            />
            <PasswordInput
              label={signIn.password}
              autoComplete="current-password"
              required
              data-autofocus
              autoFocus
              value={password}
              visibilityToggleButtonProps={{ 'aria-label': signIn.showPassword }}
              onChange={event => setPassword(event.currentTarget.value)}
            />
            {signing.isError && <Problem error={signing.error} title={signIn.failed} />}
            <Button type="submit" loading={signing.isPending} fullWidth>
              {signIn.submit}
            </Button>
            <Text c="dimmed" size="xs">
              {signIn.first}
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  )
}
