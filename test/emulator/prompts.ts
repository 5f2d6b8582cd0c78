/**
 * Faults that are asked for in a prompt: `[[fault:NAME]]`, `[[fault:NAME:2]]`, `[[fault:NAME:30%]]`,
 * `[[fault:NAME@ENDPOINT]]`, `[[fault:NAME@ENDPOINT:2]]`.
 */
import { type EndpointName, type EndpointScope, isScope, scopeIncludes } from './endpoint.ts'
import type { Fault } from './faults.ts'
import { type Switch, switchNamed } from './switches.ts'

export interface Marker {
  /** As it stands in the prompt. */
  readonly text: string
  readonly name: string
  readonly scope: string | undefined
  readonly times: number | undefined
  /** From 0 to 1. */
  readonly probability: number | undefined
}

const MARKER = /\[\[fault:([a-z_0-9]+(?::[A-Z][A-Z0-9_]*)?)(?:@(\w+|\*))?(?::(\d+)(%)?)?\]\]/g

/** What begins like a marker, for a quick look. */
export const MARKER_START = '[[fault:'

export function markersIn(prompt: string): readonly Marker[] {
  return [...prompt.matchAll(MARKER)].map(([text, name = '', scope, number, percent]) => ({
    text,
    name,
    scope,
    times: number === undefined || percent ? undefined : Number(number),
    probability: percent ? Number(number) / 100 : undefined,
  }))
}

/** The texts in a body in which markers stand. */
export function promptsOf(body: unknown): readonly string[] {
  if (typeof body === 'string') return body.includes(MARKER_START) ? [body] : []
  return typeof body === 'object' && body !== null ? Object.values(body).flatMap(promptsOf) : []
}

export interface Later {
  readonly scope: EndpointScope
  readonly name: string
  readonly fault: Fault
  readonly times?: number
  readonly probability?: number
}

export interface Asked {
  /** What this submission meets. */
  readonly now: Switch | undefined
  /** What calls about that which it makes are to meet. */
  readonly later: readonly Later[]
  /** What is wrong with a marker. */
  readonly mistake: string | undefined
}

/** Prompts whose use is remembered, the newest. */
const PROMPT_LIMIT = 10_000

/** What makes a client ask for a session. */
const ACCESS_EXPIRED: Fault = { status: 401, expireAccess: true }

function startOfMarker(prompt: string): string {
  const at = prompt.indexOf(MARKER_START)
  return prompt.slice(at, at + 60)
}

function waiting(scope: EndpointScope, { name, fault, times: usual }: Switch, marker: Marker): Later {
  const { probability, times = usual ?? Number.POSITIVE_INFINITY } = marker
  return { scope, name, fault, ...(probability === undefined ? { times } : { probability }) }
}

/** How often each prompt has met its faults. */
export class PromptFaults {
  private readonly met = new Map<string, number>()

  constructor(private readonly random: () => number) {}

  clear(): void {
    this.met.clear()
  }

  /** What the prompts of a submission ask for. A fault that the submission meets is thereby used up once. */
  ask(prompts: readonly string[], endpoint: EndpointName): Asked {
    const later: Later[] = []
    let now: Switch | undefined
    for (const prompt of prompts) {
      const markers = markersIn(prompt)
      if (markers.length === 0) return { now, later, mistake: `This is no marker: ${startOfMarker(prompt)}` }
      for (const marker of markers) {
        const each = switchNamed(marker.name)
        if (!each) return { now, later, mistake: `There is no fault "${marker.name}". GET /__control lists them.` }
        const scope = marker.scope ?? each.at ?? endpoint
        if (!isScope(scope))
          return { now, later, mistake: `There is no endpoint "${scope}". GET /__control lists them.` }
        const isOfSession = 'session' in each.fault
        if (!isOfSession && !scopeIncludes(scope, endpoint)) later.push(waiting(scope, each, marker))
        else if (!now && this.meets(`${marker.text} ${prompt}`, marker, each)) {
          now = isOfSession ? { ...each, fault: ACCESS_EXPIRED } : each
          if (isOfSession) later.push({ scope: 'session', name: each.name, fault: each.fault, times: 1 })
        }
      }
    }
    return { now, later, mistake: undefined }
  }

  private meets(key: string, { times, probability }: Marker, each: Switch): boolean {
    if (probability !== undefined) return this.random() < probability
    const limit = times ?? each.times ?? Number.POSITIVE_INFINITY
    const met = this.met.get(key) ?? 0
    if (met >= limit) return false
    this.met.delete(key)
    this.met.set(key, met + 1)
    if (this.met.size > PROMPT_LIMIT) this.met.delete(this.met.keys().next().value ?? '')
    return true
  }
}
