/** The privacy switch: e-mail addresses are hidden, for screens that others see. Kept in this browser. */
import { useLocalStorage } from '@mantine/hooks'
import { createContext, type ReactNode, use } from 'react'

interface Privacy {
  readonly hidden: boolean
  toggle(): void
}

const Context = createContext<Privacy>({ hidden: false, toggle: () => {} })

export function PrivacyProvider({ children }: { readonly children: ReactNode }) {
  const [hidden, set] = useLocalStorage({
    key: 'flow2api-privacy',
    defaultValue: false,
    getInitialValueInEffect: false,
  })
  return <Context value={{ hidden, toggle: () => set(!hidden) }}>{children}</Context>
}

export const usePrivacy = (): Privacy => use(Context)

/** The first letter, and as many dots for everybody. */
export const hiddenEmail = (text: string): string =>
  text.replaceAll(/([^\s@<>()"',;:]{1})[^\s@<>()"',;:]*@[^\s@<>()"',;:]+/g, '$1•••••@•••••')

/** A text that may contain e-mail addresses. */
export function Private({ children }: { readonly children: string }) {
  return usePrivacy().hidden ? hiddenEmail(children) : children
}
