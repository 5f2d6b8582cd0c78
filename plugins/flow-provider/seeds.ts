/** Seeds: the caller's, or one of those that other clients send (PROTOCOL.md 2.7, 2.9). */
import type { Unit } from 'flow2api/contracts'

const HIGHEST: Readonly<Record<Unit['kind'], number>> = { image: 999_999, video: 99_999 }

export const seedOf = (unit: Unit, random: () => number): number =>
  unit.parameters.seed ?? 1 + Math.floor(random() * HIGHEST[unit.kind])
