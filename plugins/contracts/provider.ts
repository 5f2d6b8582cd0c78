/**
 * What an upstream is: THE CONTRACT FOR PROVIDER PLUGINS.
 *
 * A provider describes models and performs steps. It does not wait, retry, store, pick accounts, or know any HTTP
 * surface: the job engine does. Everything it is handed is JSON or a function, so that a restart can go on where the
 * last process stopped.
 */
import { defineExtensionPoint, type Fault, type Result, type ResultAsync } from 'flow2api/plugin'
import type { EgressFetch } from './egress.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type MediaKind = 'image' | 'video'

/** What a picture or video that the caller supplied is for. */
export type InputRole = 'reference' | 'first_frame' | 'last_frame' | 'source_video'

export interface Model {
  /** Unique within the provider. May not contain white space. */
  readonly id: string
  readonly kind: MediaKind
  readonly description?: string
  /** Set where this id is another name of a model: that model's id. */
  readonly aliasOf?: string
  /** What it accepts. What a request asks beyond this is refused before anything is paid. */
  readonly accepts: {
    /** Roles of inputs; absent roles are not accepted. */
    readonly inputs: readonly { readonly role: InputRole; readonly min: number; readonly max: number }[]
    /** `W:H`, the default first. Empty: the model decides. */
    readonly aspectRatios: readonly string[]
    /** Pixel sizes `WxH` that it really delivers, in the order of `aspectRatios`, where known. */
    readonly sizes: readonly string[]
    /** `1K`, `2K`, `4K`, `720p`, `1080p`; the default first. */
    readonly resolutions: readonly string[]
    /** Durations in seconds, the default first. Empty for images. */
    readonly seconds: readonly number[]
  }
  /** The least account tier, one of the driver's `tiers`; absent: any account. */
  readonly tier?: string
}

/** What the caller asked for, in the terms of this contract. */
export interface Parameters {
  /** `W:H`. */
  readonly aspectRatio?: string
  /** `WxH` as the caller wrote it. A provider maps it to the nearest ratio that the model has. */
  readonly size?: string
  /** `1K`, `2K`, `4K`, `720p`, `1080p`. */
  readonly resolution?: string
  readonly seconds?: number
  readonly seed?: number
  /** Standard words of the surface, such as `hd`. */
  readonly quality?: string
  /** The caller takes less than was asked for, where the whole cannot be had. Default: that is an error. */
  readonly allowDowngrade?: boolean
}

/** How a provider finds again what it made, for later work on it. JSON, stored with the media; its own business. */
export type Origin = { readonly [key: string]: Json }

/** An input as it is known at admission. */
export interface PlanInput {
  readonly role: InputRole
  /** Pixels, where they could be read. */
  readonly width?: number
  readonly height?: number
}

export interface UnitInput {
  readonly role: InputRole
  /** By magic bytes, not as declared. */
  readonly mime: string
  bytes(): Promise<Uint8Array>
  /** Set where it is something that this provider made; the work then runs on the account that it was made with. */
  readonly origin?: Origin
}

/** What is settled about a request before it is queued. JSON only: it is stored with the job. */
export interface Plan {
  /** The concrete model. */
  readonly model: string
  readonly tier?: string
  /** What one unit is expected to cost, in the account's credits, where known; all steps together. Absent: nothing. */
  readonly credits?: number
  /** What will be asked of the upstream; echoed to the caller as `requested`. */
  readonly requested: {
    readonly size?: string
    readonly aspectRatio?: string
    readonly seconds?: number
    readonly resolution?: string
  }
}

/** One piece of paid work. A job with n = 4 has four. */
export interface Unit {
  /** Stable over retries and restarts. */
  readonly id: string
  readonly model: string
  readonly kind: MediaKind
  readonly prompt: string
  readonly inputs: readonly UnitInput[]
  readonly parameters: Parameters
  /** What `prepare` answered, on this account. */
  readonly prepared?: Json
  /** Absent for the first paid step; otherwise what `next` said. */
  readonly step?: Json
}

/** The account as its provider sees it. */
export interface SessionAccount {
  readonly id: number
  /** What the operator supplied, such as a session token. */
  readonly secret: string
  /** What `accounts.open` made of it, fresh enough to use. */
  readonly access: string
  /** One of the driver's `tiers`, or empty while unknown. */
  readonly tier: string
  /** What the provider keeps about the account, such as a project id. */
  readonly attributes: Readonly<Record<string, string>>
}

/** What a step may use. One step, one session. */
export interface Session {
  /** Absent where the provider has no `accounts`. */
  readonly account?: SessionAccount
  /** Through the account's sticky egress. Use this and no other way out. */
  readonly fetch: EgressFetch
  /** Aborted at the deadline, on cancellation, and when the gateway has no more patience to stop. */
  readonly signal: AbortSignal
  /** 0 to 100, rising. Optional to call. */
  progress(percent: number): void
}

/** Where finished media is. Either a URL (downloaded through the session's egress) or the bytes. */
export type MediaSource = {
  readonly mime?: string
  readonly width?: number
  readonly height?: number
  readonly durationSeconds?: number
  /** Handed back with later work on it. */
  readonly origin?: Origin
} & ({ readonly url: string; readonly headers?: Readonly<Record<string, string>> } | { readonly bytes: Uint8Array })

/** An operation that runs upstream. JSON: it survives a restart and is handed to `status` again. */
export type Operation = { readonly [key: string]: Json }

/**
 * One paid step is done and another one follows. It is stored, its intent is written, and `start` is called with
 * `unit.step`: after a crash the chain goes on at this step.
 */
export interface NextStep {
  readonly state: 'next'
  readonly step: Json
  /** What is finished so far: what the caller gets, as a downgrade, if a further step fails for good. */
  readonly media?: readonly MediaSource[]
  readonly credits?: number
}

export interface Finished {
  readonly state: 'done'
  readonly media: readonly MediaSource[]
  /** What the account has left, where the answer said so. */
  readonly credits?: number
}

export type Started =
  | Finished
  | NextStep
  | { readonly state: 'running'; readonly operation: Operation; readonly credits?: number }

export type OperationStatus =
  | Finished
  | NextStep
  | { readonly state: 'running'; readonly progress?: number }
  | { readonly state: 'failed'; readonly fault: Fault }

/**
 * What became of a paid call whose answer was lost. `not_taken`: it is certain that the upstream did not take the work,
 * so it is sent again. `unknown`: it cannot be told.
 */
export type Found =
  | Started
  | { readonly state: 'failed'; readonly fault: Fault }
  | { readonly state: 'not_taken' }
  | { readonly state: 'unknown' }

export interface OpenedAccess {
  readonly access: string
  /** Epoch milliseconds after which it is not to be used. */
  readonly expiresAt: number
  readonly identity: { readonly email?: string; readonly name?: string }
  /** Replaces the account's attributes where given. */
  readonly attributes?: Readonly<Record<string, string>>
  /** A new secret, where the upstream rotated it. */
  readonly secret?: string
}

export interface Measured {
  readonly credits: number
  readonly tier: string
}

export interface AccountDriver {
  /** From the least to the greatest. */
  readonly tiers: readonly string[]
  /** Where the secret is a browser's cookie: of which site. An import looks at no cookie of any other. */
  readonly site?: string
  /**
   * Pure: the secret in what somebody pasted, such as a whole `Cookie:` header. Absent: it is the secret.
   * Error: `account_needs_session`.
   */
  readSecret?(pasted: string): Result<string, Fault>
  /**
   * The secret becomes access. Called when an account is added, before access ages out, and after `access_expired`;
   * never twice at once for one account.
   * Errors: `account_needs_session`, `account_migrated`; and those of egress.
   */
  open(
    account: { readonly secret: string; readonly attributes: Readonly<Record<string, string>> },
    session: Pick<Session, 'fetch' | 'signal'>,
  ): ResultAsync<OpenedAccess, Fault>
  /** Credits and tier. Errors: `access_expired`; and those of egress. */
  measure(session: Session): ResultAsync<Measured, Fault>
}

export interface GenerationProvider {
  /** Cheap; called often. */
  models(): readonly Model[]
  /** Absent: the provider needs no account. */
  accounts(): AccountDriver | undefined
  /**
   * Pure, at admission: turns a model id and parameters into the concrete model, or refuses with `invalid_value`.
   * `inputs` are what was supplied, in order.
   */
  plan(model: string, parameters: Parameters, inputs: readonly PlanInput[]): Result<Plan, Fault>
  /**
   * Free work on the inputs before the first paid call, such as uploading them; not called where there are none. No
   * intent is written for it; its answer is stored and handed to `start` as `unit.prepared`. Called again after a crash
   * in it, and on another account.
   */
  prepare?(unit: Unit, session: Session): ResultAsync<Json, Fault>
  /**
   * One paid step. An intent is durable before the call. Blame in a fault decides what happens next; `access_expired`
   * brings one more try with fresh access. Where it is not known whether the upstream took the work, the fault is
   * `outcome_unknown`, with the blame of what lost the answer; `cancelled` where the session's signal ended the call.
   */
  start(unit: Unit, session: Session): ResultAsync<Started, Fault>
  /**
   * Many operations of one account in one upstream call; the answer has the same length and order. A fault means that
   * nothing was learned. Called every `pollIntervalMs`.
   */
  status(operations: readonly Operation[], session: Session): ResultAsync<readonly OperationStatus[], Fault>
  /**
   * Free. Asked before a unit ends as `outcome_unknown`: what became of the call that `start` was to make with just this
   * unit, on this account, perhaps in an earlier process. Absent, or a fault: it cannot be told.
   */
  lookup?(unit: Unit, session: Session): ResultAsync<Found, Fault>
  /** Best effort; an operation that cannot be cancelled answers `ok`. */
  cancel(operation: Operation, session: Session): ResultAsync<void, Fault>
  /** A still picture of a video. */
  thumbnail?(origin: Origin, session: Session): ResultAsync<MediaSource, Fault>
  /** Deletes upstream what was made there. Best effort; what is gone already is `ok`. */
  discard?(origins: readonly Origin[], session: Session): ResultAsync<void, Fault>
  /** How often `status` is worth asking, and how many rounds at most. */
  polling(): { readonly intervalMs: number; readonly maxAttempts: number }
}

export const Provider = defineExtensionPoint<GenerationProvider>('generation.provider', 1)
