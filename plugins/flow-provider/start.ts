/** One paid step: a picture, which comes at once, or a video, which is only taken on (PROTOCOL.md 2.7, 2.9). */
import {
  domainFault,
  type MediaSource,
  type Session,
  type SessionAccount,
  type Started,
  type Unit,
} from 'flow2api/contracts'
import { type Clock, err, errAsync, type Fault, ok, type Result, type ResultAsync } from 'flow2api/plugin'
import { PROJECT_ID } from './account.ts'
import { shapeOf } from './aspects.ts'
import { type Catalogue, type CatalogueModel, isServed, requestFor } from './catalogue.ts'
import type { Answer, FlowClient } from './client.ts'
import { faultOfAnswer, faultOfFailure, unreadableAnswer } from './errors.ts'
import { asObject, at } from './json.ts'
import { writeOperation } from './operation.ts'
import { answeredOnTheWay, lostOnTheWay, unknownOutcome } from './paid.ts'
import { readImages, readRemainingCredits, readVideos } from './readers.ts'
import { batchIdOf, imageRequest, sessionIdAt, videoRequest } from './requests.ts'
import { TIER_NAMES, type Tier, tierOf } from './tiers.ts'

export interface StartTools {
  readonly catalogue: Catalogue
  readonly client: FlowClient
  readonly clock: Clock
  /** 0 up to, not including, 1. */
  readonly random: () => number
}

/** The original's ranges (PROTOCOL.md 2.7, 2.9). */
const HIGHEST_IMAGE_SEED = 999_999
const HIGHEST_VIDEO_SEED = 99_999

export function startUnit(tools: StartTools, unit: Unit, session: Session): ResultAsync<Started, Fault> {
  const prepared = prepare(tools.catalogue, unit, session)
  if (prepared.isErr()) return errAsync(prepared.error)
  return unit.kind === 'image'
    ? startImage(tools, unit, session, prepared.value)
    : startVideo(tools, unit, session, prepared.value)
}

interface Prepared {
  readonly model: CatalogueModel
  readonly account: SessionAccount
  readonly projectId: string
  readonly tier: Tier
  readonly call: string
  /** The upstream's own name of the model. */
  readonly key: string
}

/** Everything that can be known to be wrong before anything is paid. */
function prepare(catalogue: Catalogue, unit: Unit, session: Session): Result<Prepared, Fault> {
  const { account, signal } = session
  if (account === undefined) return err(domainFault('internal_error', 'Flow was asked to generate without an account.'))
  // Later on, an abort could not be told from one with the request on its way.
  if (signal.aborted) return err(domainFault('cancelled', 'The work was cancelled before Flow was asked for it.'))
  const model = catalogue.find(unit.model)
  const request = model !== undefined && isServed(model) ? requestFor(model, 0) : undefined
  if (model === undefined || request === undefined || model.kind !== unit.kind)
    return err(
      domainFault('model_not_found', `Flow has no ${unit.kind} model "${unit.model}" that this version serves.`, {
        param: 'model',
      }),
    )
  const tier = tierOf(account.tier)
  const key = request.keyByTier[tier]
  if (key === undefined)
    return err(
      domainFault(
        'account_not_entitled',
        `The model "${model.id}" needs an account of the plan ${TIER_NAMES[model.tier]}; this one is ${TIER_NAMES[tier]}.`,
      ),
    )
  const projectId = account.attributes[PROJECT_ID]
  if (!projectId)
    // Opening the account once more makes it a project.
    return err(domainFault('access_expired', 'The account has no Flow project yet; it is opened again.'))
  return ok({ model, account, projectId, tier, call: request.call, key })
}

const seedOf = (unit: Unit, highest: number, random: () => number): number =>
  unit.parameters.seed ?? 1 + Math.floor(random() * highest)

function startImage(tools: StartTools, unit: Unit, session: Session, prepared: Prepared): ResultAsync<Started, Fault> {
  const { model, account, projectId, call, key } = prepared
  const shape = shapeOf('image', model.aspect)
  const body = imageRequest(
    { projectId, sessionId: sessionIdAt(tools.clock.now()) },
    {
      batchId: batchIdOf(unit.id),
      model: key,
      aspect: shape.wire,
      prompt: unit.prompt,
      seed: seedOf(unit, HIGHEST_IMAGE_SEED, tools.random),
    },
  )
  return tools.client
    .api('image', `/projects/${encodeURIComponent(projectId)}/${call}`, account.access, session, body)
    .mapErr(lostOnTheWay)
    .andThen(answer => {
      const refused = refusal(answer, tools.clock)
      if (refused !== undefined) return err(refused)
      const images = readImages(answer.body)
      const media = images.flatMap(({ url, width, height }): readonly MediaSource[] =>
        url === undefined ? [] : [{ url, width: width ?? shape.width, height: height ?? shape.height }],
      )
      if (media.length > 0) return ok({ state: 'done', media, ...creditsOf(answer) } as const)
      const filtered = images.some(image => image.filtered)
      return err(filtered ? faultOfFailure({ token: undefined, reasons: [], filtered }) : unreadableAnswer('picture'))
    })
}

function startVideo(tools: StartTools, unit: Unit, session: Session, prepared: Prepared): ResultAsync<Started, Fault> {
  const { model, account, projectId, tier, call, key } = prepared
  const { wire, width, height } = shapeOf('video', model.aspect)
  const body = videoRequest(
    { projectId, tier, sessionId: sessionIdAt(tools.clock.now()) },
    {
      batchId: batchIdOf(unit.id),
      model: key,
      aspect: wire,
      prompt: unit.prompt,
      seed: seedOf(unit, HIGHEST_VIDEO_SEED, tools.random),
    },
  )
  return tools.client
    .api('video', `/${call}`, account.access, session, body)
    .mapErr(lostOnTheWay)
    .andThen(answer => {
      const refused = refusal(answer, tools.clock)
      if (refused !== undefined) return err(refused)
      const video = readVideos(answer.body)[0]
      if (video === undefined) return err(takenWithoutHandle())
      const operation = writeOperation({
        name: video.name,
        projectId: video.projectId ?? projectId,
        model: model.id,
        width,
        height,
        seconds: model.seconds,
      })
      return ok({ state: 'running', operation, ...creditsOf(answer) } as const)
    })
}

const takenWithoutHandle = (): Fault =>
  domainFault(
    'upstream_unreadable',
    'Flow accepted the video, but its answer does not say how to ask for it. It may have been paid for: look into the Flow project before you ask again.',
  )

/** Undefined: Flow took the work on. */
function refusal(answer: Answer, clock: Clock): Fault | undefined {
  if (answer.status >= 200 && answer.status < 300)
    return asObject(answer.body) === undefined ? unreadableAnswer('JSON object') : undefined
  if (answeredOnTheWay(answer.status, at(answer.body, 'error') !== undefined))
    return unknownOutcome(`Something between here and Flow gave up waiting (HTTP ${answer.status})`, undefined)
  return faultOfAnswer(answer, 'verified', clock.now())
}

const creditsOf = ({ body }: Answer): { credits?: number } => {
  const credits = readRemainingCredits(body)
  return credits === undefined ? {} : { credits }
}
