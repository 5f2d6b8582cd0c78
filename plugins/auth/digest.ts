/** Comparison of secrets without telling by time how much of a guess was right. */
import { hash, randomInt, timingSafeEqual } from 'node:crypto'

/** SHA-256, so that values of any length compare over equally many bytes. */
export const digest = (value: string): Uint8Array => hash('sha256', value, 'buffer')

export const hexDigest = (value: string): string => hash('sha256', value, 'hex')

/** Whether `value` is the one whose digest is known. Constant time. */
export const matches = (value: string, known: Uint8Array): boolean => timingSafeEqual(digest(value), known)

/** Letters and digits that nobody mistakes for each other and that a double click selects as one word. */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Some 5.8 bits a character. */
export function randomText(length: number): string {
  let text = ''
  while (text.length < length) text += ALPHABET.charAt(randomInt(ALPHABET.length))
  return text
}

/** 40 characters: some 234 bits. */
export const newApiKey = (): string => `sk-f2a-${randomText(40)}`

/** 20 characters: some 117 bits. */
export const newPassword = (): string => randomText(20)
