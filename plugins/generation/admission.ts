/** Whether a request can be served at all, and as what. Pure: nothing is queued, written or paid here. */
import {
  domainFault,
  type InputRole,
  type JobRequest,
  type ListedModel,
  type MediaKind,
  type Model,
  type Plan,
  type SubmitOptions,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { faultOf } from './ask.ts'
import type { Models, NamedModel } from './models.ts'
import { providerGone } from './policy.ts'
import type { InputRecord, JobRecord, StoredJob } from './records.ts'
import { examine, paramOf, type Supplied } from './supplied.ts'

const MOST_PIECES = 10

export interface Admitted {
  readonly model: ListedModel
  readonly plan: Plan
  readonly inputs: readonly Supplied[]
}

/** `find` looks up the job whose media a request goes on with. */
export function admit(
  request: JobRequest,
  models: Models,
  find: (jobId: string) => StoredJob | undefined,
): Result<Admitted, Fault> {
  const { kind, count } = request
  if (request.prompt.trim() === '')
    return err(
      domainFault('missing_required_parameter', 'The prompt is empty. Say what is to be made.', { param: 'prompt' }),
    )
  if (!Number.isInteger(count) || count < 1 || count > MOST_PIECES)
    return err(
      domainFault('invalid_value', `\`n\` is ${count}; it must be a whole number from 1 to ${MOST_PIECES}.`, {
        param: 'n',
      }),
    )
  const named = request.model.trim() === '' ? models.defaultOf(kind) : models.find(request.model)
  if (named.isErr()) return err(named.error)
  const { listed } = named.value
  if (listed.kind !== kind)
    return err(
      domainFault('invalid_value', `The model \`${request.model}\` makes ${listed.kind}s, not ${kind}s.`, {
        param: 'model',
      }),
    )
  return examine(request, find).andThen(inputs => planned(request, inputs, named.value, models))
}

function planned(
  request: JobRequest,
  inputs: readonly Supplied[],
  { listed, id }: NamedModel,
  models: Models,
): Result<Admitted, Fault> {
  const provider = models.provider(listed.provider)
  if (!provider) return err(providerGone(listed.provider))
  const known = inputs.map(({ role, width, height }) => ({
    role,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
  }))
  let plan: Result<Plan, Fault>
  try {
    plan = provider.plan(id, request.parameters, known)
  } catch (cause) {
    return err(faultOf(cause))
  }
  if (plan.isErr()) return err(plan.error)
  // A plan may lead to another model of the same family, one that takes what was supplied.
  const concrete = models.list().find(one => one.provider === listed.provider && one.id === plan.value.model) ?? listed
  const refusal = refuseInputs(
    concrete,
    inputs.map(({ role }) => role),
    request.kind,
  )
  return refusal ? err(refusal) : ok({ model: listed, plan: plan.value, inputs })
}

type Origin = Pick<JobRecord, 'surface' | 'callerId' | 'user' | 'callbackUrl'>

/** What of the job follows from who sent it. */
export const originRecord = ({ surface, caller, user, callbackUrl }: SubmitOptions): Origin => ({
  surface,
  callerId: caller.id,
  user: user ?? null,
  callbackUrl: callbackUrl ?? null,
})

/** What of the job follows from its request. */
export const settledRecord = (
  request: JobRequest,
  { model, plan }: Admitted,
  inputs: readonly InputRecord[],
): Omit<JobRecord, 'seq' | 'id' | 'createdAt' | keyof Origin> => ({
  kind: request.kind,
  model: request.model,
  resolvedModel: plan.model,
  provider: model.provider,
  tier: plan.tier ?? model.tier ?? null,
  cost: plan.credits ?? null,
  prompt: request.prompt,
  parameters: request.parameters,
  requested: plan.requested,
  inputs,
  count: request.count,
  status: 'queued',
  startedAt: null,
  finishedAt: null,
  fault: null,
})

const NAME: Readonly<Record<InputRole, string>> = {
  reference: 'reference picture',
  first_frame: 'first frame',
  last_frame: 'last frame',
  source_video: 'source video',
}

/** What is wrong with the inputs; `undefined` where nothing is. */
export function refuseInputs(model: Model, roles: readonly InputRole[], kind: MediaKind): Fault | undefined {
  const { inputs } = model.accepts
  const refuse = (message: string, role?: InputRole) =>
    domainFault('invalid_value', message, { param: paramOf(kind, role) })
  if (roles.length > 0 && inputs.length === 0)
    return refuse(`The model \`${model.id}\` takes no pictures or videos, only a prompt.`, roles[0])
  for (const role of new Set(roles)) {
    const rule = inputs.find(input => input.role === role)
    if (!rule) return refuse(`The model \`${model.id}\` takes no ${NAME[role]}.`, role)
    const given = roles.filter(one => one === role).length
    if (given > rule.max)
      return refuse(
        `The model \`${model.id}\` takes at most ${rule.max} × ${NAME[role]}; ${given} were supplied.`,
        role,
      )
  }
  for (const { role, min } of inputs) {
    const given = roles.filter(one => one === role).length
    if (given < min)
      return domainFault(
        'missing_required_parameter',
        `The model \`${model.id}\` needs at least ${min} × ${NAME[role]}; ${given} were supplied.`,
        { param: paramOf(kind, role) },
      )
  }
  return undefined
}
