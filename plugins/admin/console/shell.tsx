/** The frame of every page: menu, switches, and the page itself. */
import { AppShell, Burger, Container, Group, NavLink, ScrollArea, Text } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { Suspense } from 'react'
import { Link, Route, Router, Switch, useLocation } from 'wouter'
import type { Operator } from './api/types.ts'
import { Boundary } from './parts/boundary.tsx'
import { Waiting } from './parts/waiting.tsx'
import { INNER, PAGES } from './routes.ts'
import { fill, texts } from './texts.ts'
import { Toolbar } from './toolbar.tsx'

const BASE = '/admin'
/** The first pages have a key each. */
const DIGITS = 9
const LET_THROUGH = { preventDefault: false }

export const Shell = ({ operator }: { readonly operator: Operator }) => (
  <Router base={BASE}>
    <Frame operator={operator} />
  </Router>
)

function Frame({ operator }: { readonly operator: Operator }) {
  const [open, { toggle, close }] = useDisclosure(false)
  const [location, navigate] = useLocation()
  const client = useQueryClient()
  useHotkeys([
    ...PAGES.slice(0, DIGITS).map(
      ({ path }, index) => [`alt+${index + 1}`, () => navigate(path)] as [string, () => void],
    ),
    ['alt+r', () => void client.invalidateQueries()],
    ['/', () => document.querySelector<HTMLElement>('[data-search]')?.focus()],
  ])
  // Keys do nothing while one types; this leads out of the search.
  useHotkeys([['escape', () => document.querySelector<HTMLElement>('[data-search]:focus')?.blur(), LET_THROUGH]], [])
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !open } }}
      padding="md"
    >
      <a className="skip" href="#main">
        {texts.nav.skip}
      </a>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={texts.nav.menu} />
            <Text fw={700} size="lg">
              Flow2API
            </Text>
          </Group>
          <Toolbar operator={operator} />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label={texts.nav.pages}>
        <ScrollArea>
          {PAGES.map(({ path, text, icon: Icon }, index) => (
            <NavLink
              key={path}
              component={Link}
              href={path}
              label={text}
              leftSection={<Icon size={18} aria-hidden />}
              active={path === '/' ? location === '/' : location === path || location.startsWith(`${path}/`)}
              aria-current={location === path ? 'page' : undefined}
              title={index < DIGITS ? fill(texts.nav.shortcut, { keys: `Alt+${index + 1}` }) : undefined}
              onClick={close}
              variant="light"
              style={{ borderRadius: 8 }}
            />
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1}>
        <Container size="xl" px={0}>
          <Boundary key={location}>
            <Suspense fallback={<Waiting />}>
              <Switch>
                {[...PAGES, ...INNER].map(({ path, page: Page }) => (
                  <Route key={path} path={path}>
                    <Page />
                  </Route>
                ))}
              </Switch>
            </Suspense>
          </Boundary>
        </Container>
      </AppShell.Main>
    </AppShell>
  )
}
