/** Whether a provider's list of models is sane, and whether it stands by it. */
import type { InputRole, ListedModel, Parameters, PlanInput } from 'flow2api/contracts'
import { demand, type Subject, said, throughJson } from './subject.ts'

const RATIO = /^[1-9]\d{0,4}:[1-9]\d{0,4}$/
const SIZE = /^[1-9]\d{0,4}x[1-9]\d{0,4}$/
const RESOLUTIONS: readonly string[] = ['1K', '2K', '4K', '720p', '1080p']
const ROLES: readonly string[] = ['reference', 'first_frame', 'last_frame', 'source_video']

export function models({ provider }: Subject): void {
  const list = provider.models()
  demand(list.length > 0, 'models() is empty: list at least one model.')
  const tiers = provider.accounts()?.tiers
  const ids = new Set<string>()
  for (const { id, kind, accepts, tier, aliasOf } of list) {
    demand(/^\S+$/.test(id), `A model is called "${id}": an id needs at least one character and no white space.`)
    demand(!ids.has(id), `The model "${id}" is listed twice.`)
    ids.add(id)
    demand(kind === 'image' || kind === 'video', `The model "${id}" is of the kind "${kind}", not image or video.`)
    for (const ratio of accepts.aspectRatios)
      demand(RATIO.test(ratio), `The model "${id}" lists the ratio "${ratio}", which is not written as W:H.`)
    for (const size of accepts.sizes)
      demand(SIZE.test(size), `The model "${id}" lists the size "${size}", which is not written as WxH.`)
    for (const resolution of accepts.resolutions)
      demand(
        RESOLUTIONS.includes(resolution),
        `The model "${id}" lists the resolution "${resolution}", not one of ${RESOLUTIONS.join(', ')}.`,
      )
    for (const seconds of accepts.seconds) demand(seconds > 0, `The model "${id}" lists a duration of ${seconds} s.`)
    for (const { role, min, max } of accepts.inputs) {
      demand(
        ROLES.includes(role),
        `The model "${id}" accepts inputs of the role "${role}", not one of ${ROLES.join(', ')}.`,
      )
      demand(
        Number.isInteger(min) && min >= 0 && Number.isInteger(max) && max >= Math.max(1, min),
        `The model "${id}" accepts ${min} to ${max} × ${role}.`,
      )
    }
    if (tier !== undefined)
      demand(
        tiers?.includes(tier) === true,
        `The model "${id}" needs the tier "${tier}", which accounts().tiers does not name.`,
      )
    if (aliasOf !== undefined)
      demand(
        list.some(other => other.id === aliasOf),
        `The model "${id}" is an alias of "${aliasOf}", which is not listed.`,
      )
  }
}

const wishes = ({ accepts }: ListedModel): readonly Parameters[] => [
  {},
  ...accepts.aspectRatios.map(aspectRatio => ({ aspectRatio })),
  ...accepts.sizes.map(size => ({ size })),
  ...accepts.resolutions.map(resolution => ({ resolution })),
  ...accepts.seconds.map(seconds => ({ seconds })),
]

const needed = ({ accepts }: ListedModel): PlanInput[] =>
  accepts.inputs.flatMap(({ role, min }) => Array.from({ length: min }, () => ({ role })))

export function plans({ provider }: Subject): void {
  const list = provider.models().map(model => ({ ...model, provider: 'subject' }))
  for (const model of list)
    for (const wish of wishes(model)) {
      const what = `"${model.id}" with ${JSON.stringify(wish)}`
      const planned = provider.plan(model.id, wish, needed(model))
      demand(
        planned.isOk(),
        `plan() refuses ${what}, which the model lists as accepted: ${planned.isErr() ? said(planned.error) : ''}`,
      )
      const { model: concrete } = planned.value
      demand(
        list.some(({ id }) => id === concrete),
        `plan() leads ${what} to "${concrete}", which models() does not list.`,
      )
      throughJson(JSON.parse(JSON.stringify(planned.value)), `What plan() answers for ${what}`)
      const again = provider.plan(model.id, wish, needed(model))
      demand(
        Bun.deepEquals(again.isOk() && again.value, planned.value),
        `plan() answers ${what} in two ways: it has to be pure.`,
      )
    }
  const [first] = list
  if (!first) return
  const nonsense = provider.plan(first.id, { aspectRatio: 'nonsense' }, needed(first))
  demand(
    nonsense.isOk() || nonsense.error.blame === 'request',
    `plan() blames ${nonsense.isErr() ? nonsense.error.blame : ''} for a ratio that makes no sense; that is the request's fault.`,
  )
}

export async function inputs(subject: Subject): Promise<void> {
  const { provider } = subject
  const account = await subject.account()
  for (const listed of provider.models()) {
    const model = { ...listed, provider: 'subject' }
    const { id, accepts } = model
    for (const { role, max } of accepts.inputs) {
      const others = accepts.inputs.filter(other => other.role !== role)
      const roles = [...times(max, role), ...others.flatMap(other => times(other.min, other.role))]
      const what = `"${id}" with ${max} × ${role}`
      const planned = provider.plan(
        id,
        {},
        roles.map(one => ({ role: one })),
      )
      demand(
        planned.isOk(),
        `plan() refuses ${what}, which the model lists as accepted: ${planned.isErr() ? said(planned.error) : ''}`,
      )
      if (!roles.every(one => subject.sample(one))) continue
      const started = await subject.start(model, subject.session(account), {}, roles)
      demand(
        started.isOk(),
        `start() refuses ${what}, which the model lists as accepted: ${started.isErr() ? said(started.error) : ''}`,
      )
    }
  }
}

const times = (count: number, role: InputRole): InputRole[] => Array.from({ length: count }, () => role)
