/** One step of a unit: which one it is, what it needs, and who does it. */
import { domainFault, type Session, type Started, type Unit } from 'flow2api/contracts'
import { err, errAsync, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import { requestFor } from './catalogue.ts'
import { startConcatenation } from './concatenation.ts'
import { startImage, upsampleImage } from './images.ts'
import type { Generation, Order } from './order.ts'
import { NOTHING_PREPARED, readPrepared } from './prepared.ts'
import { type Seat, seatOf } from './seat.ts'
import { readStep, type Step } from './steps.ts'
import { TIER_NAMES } from './tiers.ts'
import type { Tools } from './tools.ts'
import { startVideo, upsampleVideo } from './videos.ts'

export function startUnit(tools: Tools, unit: Unit, session: Session): ResultAsync<Started, Fault> {
  const seat = seatOf(session)
  if (seat.isErr()) return errAsync(seat.error)
  if (unit.step !== undefined) {
    const step = readStep(unit.step)
    return step === undefined ? errAsync(unreadableStep()) : startStep(tools, step, unit, seat.value, session)
  }
  const generation = generationOf(tools, unit, seat.value, session)
  if (generation.isErr()) return errAsync(generation.error)
  return unit.kind === 'image' ? startImage(tools, generation.value) : startVideo(tools, generation.value)
}

function startStep(tools: Tools, step: Step, unit: Unit, seat: Seat, session: Session): ResultAsync<Started, Fault> {
  const model = tools.catalogue.find(step.model)
  if (model === undefined) return errAsync(unknownModel(unit, step.model))
  const order: Order = { unit, model, seat, session }
  switch (step.kind) {
    case 'image_upsample':
      return upsampleImage(tools, order, step)
    case 'video_upsample':
      return upsampleVideo(tools, order, step)
    case 'concatenate':
      return startConcatenation(tools, order, step)
  }
}

function generationOf({ catalogue }: Tools, unit: Unit, seat: Seat, session: Session): Result<Generation, Fault> {
  const model = catalogue.find(unit.model)
  if (model === undefined || model.kind !== unit.kind) return err(unknownModel(unit, unit.model))
  const prepared = unit.prepared === undefined ? NOTHING_PREPARED : readPrepared(unit.prepared)
  if (prepared.media.length !== unit.inputs.length)
    return err(
      domainFault('internal_error', 'What was sent along has not been made ready for Flow. Ask again.', {
        retry: 'never',
      }),
    )
  const request = requestFor(model, prepared.media.filter(({ role }) => role !== 'source_video').length)
  const source = prepared.media.some(({ role }) => role === 'source_video')
  if (request === undefined || source !== (model.mode === 'extend'))
    return err(domainFault('invalid_value', `The model "${model.id}" does not take what was sent along.`))
  const key = request.keyByTier[seat.tier]
  if (key === undefined)
    return err(
      domainFault(
        'account_not_entitled',
        `The model "${model.id}" needs an account of the plan ${TIER_NAMES[model.tier]}; this one is ${TIER_NAMES[seat.tier]}.`,
      ),
    )
  return ok({ unit, model, seat, session, prepared, call: request.call, key })
}

const unknownModel = (unit: Unit, id: string): Fault =>
  domainFault('model_not_found', `Flow has no ${unit.kind} model "${id}".`, { param: 'model' })

const unreadableStep = (): Fault =>
  domainFault('internal_error', 'What was stored about the next step of this work cannot be read.', { retry: 'never' })
