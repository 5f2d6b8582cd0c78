/** A provider under test, brought up in a kernel of its own, and what it takes to call it as the job engine does. */
import {
  type AccountDriver,
  type GenerationProvider,
  type InputRole,
  type Json,
  type ListedModel,
  type Origin,
  type Plan,
  Provider,
  type Session,
  type SessionAccount,
  type Started,
  type Unit,
} from 'flow2api/contracts'
import { type AnyPlugin, type Contributions, definePlugin, type Fault, type Handle, type Result } from 'flow2api/plugin'
import { createTestKernel, type TestKernel } from '../../kernel/testing.ts'
import { Intervals } from './intervals.ts'
import { Outside } from './upstream.ts'

export interface ConformanceOptions {
  readonly plugin: AnyPlugin
  /** Id of the plugin; also the name of its section, where it names none. Default: `subject`. */
  readonly id?: string
  /** What stands in its section. */
  readonly config?: Readonly<Record<string, unknown>>
  /** Answers every request of the provider as its upstream would. No network is used. */
  readonly upstream: (request: Request) => Response | Promise<Response>
  /** What an operator would supply, where the provider has accounts. */
  readonly secret?: string
  readonly attributes?: Readonly<Record<string, string>>
  /** Models that are run from start to end. Default: the first of each kind that needs no input. */
  readonly models?: readonly string[]
  /** A picture, for every role that takes one. Without it, nothing that needs one is run. */
  readonly input?: Sample
  /** Samples of single roles, such as a source video. */
  readonly inputs?: Partial<Record<InputRole, Sample>>
}

/** An input as a caller would supply it. */
export interface Sample {
  readonly mime: string
  readonly bytes: Uint8Array
  /** Where it is something that the provider made. */
  readonly origin?: Origin
}

/** What a provider does not keep to, as a sentence. */
export class ConformanceError extends Error {
  override readonly name = 'ConformanceError'
}

export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new ConformanceError(otherwise)
}

export const said = (fault: Fault): string => `${fault.code} (blame ${fault.blame}): ${fault.message}`

export class Subject implements AsyncDisposable {
  readonly outside: Outside

  private constructor(
    readonly kernel: TestKernel,
    readonly options: ConformanceOptions,
    private readonly providers: Contributions<GenerationProvider>,
    readonly intervals: Intervals,
  ) {
    this.outside = new Outside(options.upstream)
  }

  static async boot(options: ConformanceOptions): Promise<Subject> {
    const { plugin, id = 'subject', config } = options
    let providers: Contributions<GenerationProvider> | undefined
    const probe = definePlugin({
      name: 'probe',
      version: '1.0.0',
      requires: { providers: Provider },
      setup: ctx => {
        providers = ctx.deps.providers
      },
    })
    const intervals = new Intervals()
    try {
      const kernel = await createTestKernel({
        plugins: { [id]: plugin, probe },
        // A call that hangs is not waited for.
        config: { server: { drain_timeout_s: 1 }, ...(config && { [plugin.section ?? id]: config }) },
      })
      if (!providers) throw new Error('the probe did not come up')
      return new Subject(kernel, options, providers, intervals)
    } catch (cause) {
      intervals.stop()
      throw cause
    }
  }

  get provider(): Handle<GenerationProvider> {
    const [first] = this.providers.all()
    demand(first !== undefined, 'The plugin provides no `Provider`: call ctx.provide(Provider, …) in setup.')
    return first.service
  }

  async account(): Promise<SessionAccount | undefined> {
    const driver: AccountDriver | undefined = this.provider.accounts()
    if (!driver) return undefined
    const { secret, attributes = {} } = this.options
    demand(secret !== undefined, 'The provider has accounts: pass a `secret` that its upstream accepts.')
    const way = { fetch: this.outside.fetch, signal: AbortSignal.timeout(10_000) }
    const opened = await driver.open({ secret, attributes }, way)
    demand(opened.isOk(), `accounts().open() refused the secret: ${opened.isErr() ? said(opened.error) : ''}`)
    const { access, expiresAt, attributes: more } = opened.value
    demand(typeof access === 'string' && access !== '', 'accounts().open() answered no `access`.')
    demand(
      expiresAt > Date.now(),
      'accounts().open() answered access that has expired: `expiresAt` is in milliseconds.',
    )
    const bare = { id: 1, secret, access, tier: '', attributes: { ...attributes, ...more } }
    const measured = await driver.measure({ ...way, account: bare, progress: () => {} })
    demand(measured.isOk(), `accounts().measure() failed: ${measured.isErr() ? said(measured.error) : ''}`)
    const { tier } = measured.value
    demand(driver.tiers.includes(tier), `accounts().measure() answered the tier "${tier}", which is not in \`tiers\`.`)
    return { ...bare, tier }
  }

  session(account: SessionAccount | undefined, signal: AbortSignal = AbortSignal.timeout(10_000)): Session {
    return { ...(account && { account }), fetch: this.outside.fetch, signal, progress: () => {} }
  }

  /** Models to run: as the options say, else the first of each kind that can be had. */
  models(): readonly ListedModel[] {
    const all = this.provider.models().map(model => ({ ...model, provider: 'subject' }))
    const { models } = this.options
    for (const id of models ?? [])
      demand(
        all.some(model => model.id === id),
        `models() does not list "${id}", which the suite was told to run.`,
      )
    if (models) return all.filter(({ id }) => models.includes(id))
    const can = all.filter(({ accepts }) => accepts.inputs.every(({ role, min }) => min === 0 || this.sample(role)))
    return (['image', 'video'] as const).flatMap(kind => can.find(model => model.kind === kind) ?? [])
  }

  /** What a caller would supply in this role, as far as the author says. */
  sample(role: InputRole): Sample | undefined {
    const { input, inputs } = this.options
    return inputs?.[role] ?? (role === 'source_video' ? undefined : input)
  }

  plan(model: ListedModel, roles: readonly InputRole[] = leastRoles(model)): Plan {
    const planned = this.provider.plan(
      model.id,
      {},
      roles.map(role => ({ role })),
    )
    demand(
      planned.isOk(),
      `plan() refuses "${model.id}" without any wish: ${planned.isErr() ? said(planned.error) : ''}`,
    )
    return planned.value
  }

  unit(model: ListedModel, more: Partial<Unit> = {}, roles: readonly InputRole[] = leastRoles(model)): Unit {
    return {
      id: 'job_0-0',
      model: this.plan(model, roles).model,
      kind: model.kind,
      prompt: 'A lighthouse at dusk',
      parameters: {},
      inputs: roles.map(role => {
        const { mime = 'image/png', bytes = new Uint8Array(), origin } = this.sample(role) ?? {}
        return { role, mime, bytes: async () => bytes, ...(origin && { origin }) }
      }),
      ...more,
    }
  }

  /** One paid step, with the free work before it, as the engine does it. */
  async start(
    model: ListedModel,
    session: Session,
    more: Partial<Unit> = {},
    roles?: readonly InputRole[],
  ): Promise<Result<Started, Fault>> {
    const unit = this.unit(model, more, roles)
    if (unit.inputs.length === 0 || unit.step !== undefined || !this.provider.prepare)
      return this.provider.start(unit, session)
    const prepared = await this.provider.prepare(unit, session)
    return prepared.isErr()
      ? prepared.map(() => never())
      : this.provider.start({ ...unit, prepared: prepared.value }, session)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kernel.stop()
    this.intervals.stop()
  }
}

/** So many of each role as it needs. */
const leastRoles = ({ accepts }: ListedModel): InputRole[] =>
  accepts.inputs.flatMap(({ role, min }) => Array.from({ length: min }, () => role))

const never = (): never => {
  throw new Error('an error has no value')
}

/** What the job engine stores: it must come back from JSON as it was. */
export function throughJson<T extends Json | undefined>(value: T, what: string): T {
  const back: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value))
  demand(
    Bun.deepEquals(back, value),
    `${what} does not survive JSON: it may hold text, numbers, booleans, null, lists and plain objects only.`,
  )
  return value
}
