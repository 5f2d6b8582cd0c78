/** What a list is searched with; `/` leads there. */
import { TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'

const TYPING_MS = 300

interface SearchFieldProps {
  readonly label: string
  readonly value: string
  set(value: string): void
}

export const SearchField = ({ label, value, set }: SearchFieldProps) => (
  <TextInput
    data-search
    flex="1 1 200px"
    aria-label={label}
    placeholder={label}
    leftSection={<IconSearch size={16} />}
    value={value}
    onChange={event => set(event.currentTarget.value)}
  />
)

/** What is being typed, and what is asked for once that pauses. */
export function useTyped(first = ''): readonly [typed: string, asked: string, set: (value: string) => void] {
  const [typed, setTyped] = useState(first)
  const [asked] = useDebouncedValue(typed.trim(), TYPING_MS)
  return [typed, asked, setTyped]
}
