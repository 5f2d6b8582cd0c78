/** Faults on demand: what goes wrong, where, how often and for whom. Those with a name are in `switches.ts`. */
import { type Static, Type } from '@sinclair/typebox'
import { type EndpointName, type EndpointScope, scopeIncludes } from './endpoint.ts'

const strict = { additionalProperties: false }
const Headers = Type.Optional(Type.Readonly(Type.Record(Type.String(), Type.String())))
const Status = Type.Integer({ minimum: 200, maximum: 599 })

/** An error in the form of the base it comes from: Google's on the API base, tRPC's on the labs base. */
const StatusFault = Type.Object(
  {
    status: Status,
    /** `error.details[].reason`, e.g. `PUBLIC_ERROR_USER_REQUESTS_THROTTLED`. PROTOCOL.md 3.3. */
    reason: Type.Optional(Type.String()),
    /** Default: the usual text of that status. */
    message: Type.Optional(Type.String()),
    headers: Headers,
    /** The account's access token stops working with it. */
    expireAccess: Type.Optional(Type.Literal(true)),
  },
  strict,
)

/** Any other answer: JSON, or a string sent as it is. Default status 200. */
const BodyFault = Type.Object({ body: Type.Unknown(), status: Type.Optional(Status), headers: Headers }, strict)

/** A web page where JSON is due, as proxies and "sorry" pages bring it. Default status 200. */
const HtmlFault = Type.Object({ html: Type.Literal(true), status: Type.Optional(Status) }, strict)

/** Status 200 with an error of that status in the body. PROTOCOL.md 1.6, 3.1. */
const InsideFault = Type.Object({ inside: Status, reason: Type.Optional(Type.String()) }, strict)

/** `hang`: never answers and does nothing. `lost`: does the work, then never answers. Both end when the emulator stops. */
const SilenceFault = Type.Object({ silence: Type.Union([Type.Literal('hang'), Type.Literal('lost')]) }, strict)

/** Answers as usual, but so much later. */
const DelayFault = Type.Object({ delayMs: Type.Integer({ minimum: 0 }) }, strict)

/**
 * Does the work, and spoils the answer. `empty`: 200 without a body. `truncated`: half of it. `wrong-types`: JSON in
 * which texts are numbers, numbers texts, and lists objects. `cut`: the connection is closed in the middle.
 */
const SpoilFault = Type.Object(
  {
    spoil: Type.Union([
      Type.Literal('empty'),
      Type.Literal('truncated'),
      Type.Literal('wrong-types'),
      Type.Literal('cut'),
    ]),
  },
  strict,
)

/**
 * Of `session` alone. PROTOCOL.md 2.1. `empty`: `{}`. `stale`: access cannot be refreshed, and a dead token comes with
 * it; `without-access`: none comes. `migrated`: a user without a token or an error. `rotated`: `Set-Cookie` brings a new
 * session token, the old one is dead.
 */
const SessionFault = Type.Object(
  {
    session: Type.Union([
      Type.Literal('empty'),
      Type.Literal('stale'),
      Type.Literal('without-access'),
      Type.Literal('migrated'),
      Type.Literal('rotated'),
    ]),
  },
  strict,
)

/**
 * Of submissions of videos, of `upsampleImage` and of `concatenate`: how what is accepted ends. `stuck`: ACTIVE for
 * ever. `silent`: its polls carry no status at all. A failed image upsampling is an error at once.
 */
const OutcomeFault = Type.Object(
  {
    outcome: Type.Union([Type.Literal('failed'), Type.Literal('stuck'), Type.Literal('silent')]),
    /** `mediaStatus.error.message`. Default `PUBLIC_ERROR_UNSAFE_GENERATION`. */
    reason: Type.Optional(Type.String()),
    failureReasons: Type.Optional(Type.Readonly(Type.Array(Type.String()))),
  },
  strict,
)

/** Of `upsampleImage` and `upsampleVideo`: `smaller` delivers the size of the source; `empty` (images) nothing. */
const DeliveryFault = Type.Object({ deliver: Type.Union([Type.Literal('smaller'), Type.Literal('empty')]) }, strict)

/** As a control call may send it. */
export const FaultShape = Type.Union([
  StatusFault,
  BodyFault,
  HtmlFault,
  InsideFault,
  SilenceFault,
  DelayFault,
  SpoilFault,
  SessionFault,
  OutcomeFault,
  DeliveryFault,
])

export type Fault = Readonly<Static<typeof FaultShape>>
export type Spoiling = Static<typeof SpoilFault>['spoil']
export type OutcomeFault = Readonly<Static<typeof OutcomeFault>>

/** Those that only the endpoint itself can act out. */
export type ActedFault = Readonly<
  Static<typeof SessionFault> | Static<typeof OutcomeFault> | Static<typeof DeliveryFault>
>

export function isActed(fault: Fault): fault is ActedFault {
  return 'session' in fault || 'outcome' in fault || 'deliver' in fault
}

export interface FaultScope {
  /** How many requests it meets; default 1, without end if there is a probability. */
  readonly times?: number
  /** Of the requests that it could meet, it meets each with this probability, from 0 to 1. */
  readonly probability?: number
  /** Only requests of the account with this e-mail. */
  readonly account?: string
  /** Only requests that name this media id, in the body or the address. */
  readonly media?: string
  /** How the record calls it; default: the fault as JSON. */
  readonly name?: string
}

export interface Planned {
  readonly id: number
  readonly endpoint: EndpointScope
  readonly fault: Fault
  readonly name: string
  readonly account?: string
  readonly media?: string
  readonly probability?: number
  left: number
}

/** What a request is, as far as it decides about faults. */
export interface Meeting {
  readonly endpoint: EndpointName
  readonly account: string | undefined
  /** Everything in which media can be named. */
  readonly text: () => string
}

/** Beyond so many, the oldest that waits for a piece of media goes: perhaps nobody asks for it again. */
const PLANNED_LIMIT = 1000

export class Faults {
  private planned: readonly Planned[] = []
  private lastId = 0

  constructor(private readonly random: () => number) {}

  /** The next request to the endpoint, or to one of the group, meets the fault; several wait in line. Returns its undo. */
  next(endpoint: EndpointScope, fault: Fault, scope: FaultScope = {}): () => void {
    const { id } = this.plan(endpoint, fault, scope)
    return () => void this.remove(id)
  }

  /** Every request meets it until the returned undo is called. */
  always(endpoint: EndpointScope, fault: Fault, scope: Omit<FaultScope, 'times'> = {}): () => void {
    return this.next(endpoint, fault, { ...scope, times: Number.POSITIVE_INFINITY })
  }

  plan(endpoint: EndpointScope, fault: Fault, { times, name, ...scope }: FaultScope): Planned {
    const left = times ?? (scope.probability === undefined ? 1 : Number.POSITIVE_INFINITY)
    const entry: Planned = {
      id: ++this.lastId,
      endpoint,
      fault,
      name: name ?? JSON.stringify(fault),
      ...scope,
      left,
    }
    this.planned = [...this.planned, entry]
    const waiting = this.planned.length > PLANNED_LIMIT && this.planned.find(each => each.media !== undefined)
    if (waiting) this.remove(waiting.id)
    return entry
  }

  /** In the order in which they are met. */
  list(): readonly Planned[] {
    return this.planned
  }

  clear(): void {
    this.planned = []
  }

  /** Whether there was one with that id. */
  remove(id: number): boolean {
    const before = this.planned.length
    this.planned = this.planned.filter(each => each.id !== id)
    return this.planned.length < before
  }

  /** The fault that a request meets, which is thereby used up once. */
  take(meeting: Meeting): Planned | undefined {
    if (this.planned.length === 0) return undefined
    const entry = this.planned.find(each => this.meets(each, meeting))
    if (!entry) return undefined
    entry.left--
    if (entry.left <= 0) this.remove(entry.id)
    return entry
  }

  private meets({ endpoint, account, media, probability }: Planned, meeting: Meeting): boolean {
    return (
      scopeIncludes(endpoint, meeting.endpoint) &&
      (account === undefined || account === meeting.account) &&
      (media === undefined || meeting.text().includes(media)) &&
      (probability === undefined || this.random() < probability)
    )
  }
}
