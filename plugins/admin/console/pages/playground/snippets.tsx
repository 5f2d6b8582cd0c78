/** The same request for a terminal, Python and TypeScript. */
import { Code, Paper, Tabs, Text } from '@mantine/core'
import type { PlayModel } from '../../api/jobs.ts'
import { Copy } from '../../parts/copy.tsx'
import { texts } from '../../texts.ts'
import { type Draft, parametersOf, suppliedFor } from './draft.ts'
import { type Language, snippet } from './snippets.ts'

const LANGUAGES: readonly (readonly [Language, string])[] = [
  ['curl', 'curl'],
  ['python', 'Python'],
  ['typescript', 'TypeScript'],
]

export function Snippets({ draft, model }: { readonly draft: Draft; readonly model: PlayModel | undefined }) {
  const wanted = {
    body: parametersOf(draft, model),
    files: suppliedFor(draft, model).map(({ file }) => file.name),
    origin: location.origin,
  }
  return (
    <Paper withBorder p="md">
      <Text fw={600} mb="xs">
        {texts.playground.sameRequest}
      </Text>
      <Tabs defaultValue="curl" keepMounted={false}>
        <Tabs.List>
          {LANGUAGES.map(([language, name]) => (
            <Tabs.Tab key={language} value={language}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {LANGUAGES.map(([language]) => {
          const text = snippet(language, wanted)
          return (
            <Tabs.Panel key={language} value={language} pt="sm" style={{ position: 'relative' }}>
              <Code block fz={12} tabIndex={0}>
                {text}
              </Code>
              <div style={{ position: 'absolute', top: 16, right: 8 }}>
                <Copy text={text} />
              </div>
            </Tabs.Panel>
          )
        })}
      </Tabs>
    </Paper>
  )
}
