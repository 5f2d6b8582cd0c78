/** All 214 ids, with every number of pictures that they take, for every account tier: what is really sent. */
import { describe, expect, test } from 'bun:test'
import type { InputRole, Started, Unit } from 'flow2api/contracts'
import { ASPECTS, shapeOf } from '../../plugins/flow-provider/aspects.ts'
import { at } from '../../plugins/flow-provider/json.ts'
import { TIERS, type Tier } from '../../plugins/flow-provider/tiers.ts'
import facts from '../fixtures/flow-models.data.json'
import {
  API,
  accepted,
  account,
  input,
  PROJECT,
  picture,
  provider,
  session,
  unit,
  upstream,
} from './flow-provider.fixtures.ts'

type Fact = (typeof facts.models)[number]

const flow = provider()

/** The inputs that so many pictures are; the file counts pictures alone, and an extension has a source besides. */
function rolesOf(mode: string, pictures: number): readonly InputRole[] {
  if (mode === 'extend') return ['source_video']
  if (mode === 'i2v') return (['first_frame', 'last_frame'] as const).slice(0, pictures)
  return Array.from({ length: pictures }, () => 'reference' as const)
}

/** Prepared in another order than roles have, so that only the role can decide. */
function workOf(fact: Fact, pictures: number): Unit {
  const kind = fact.kind === 'image' ? 'image' : 'video'
  const inputs = rolesOf(fact.mode, pictures).map(role => input(role))
  const media = inputs.map(({ role }, index) => ({ role, id: `${role}-${index}` })).reverse()
  const clips = fact.mode === 'extend' ? { clips: [{ mediaId: 'source_video-0', seconds: 8 }] } : {}
  const ordered = fact.mode === 'i2v' ? media : media.reverse()
  return unit({ kind, model: fact.id, inputs, prepared: { media: ordered, ...clips } })
}

async function startedBy(work: Unit, tier: Tier) {
  const way = upstream(work.kind === 'image' ? picture('made') : accepted('made'))
  const result = await flow.start(work, session(way.fetch, { account: account({ tier }) }))
  return { result, sent: way.sent[0] }
}

const aspectOf = (wire: string) => ASPECTS.find(aspect => wire.endsWith(suffixOf(aspect))) ?? '16:9'
const suffixOf = (aspect: (typeof ASPECTS)[number]) => shapeOf('image', aspect).wire.replace('IMAGE_ASPECT_RATIO', '')

/** What stands in the one request, but for what is random or the same everywhere. */
function expectedParts(fact: Fact, pictures: number): Readonly<Record<string, unknown>> {
  if (fact.mode === 'extend') return { videoInput: { mediaId: 'source_video-0' } }
  if (fact.mode === 'i2v')
    return {
      startImage: { mediaId: 'first_frame-0' },
      ...(pictures === 2 && { endImage: { mediaId: 'last_frame-1' } }),
    }
  const ids = Array.from({ length: pictures }, (_, index) => `reference-${index}`)
  if (fact.kind === 'image')
    return { imageInputs: ids.map(name => ({ name, imageInputType: 'IMAGE_INPUT_TYPE_REFERENCE' })) }
  return pictures === 0
    ? {}
    : { referenceImages: ids.map(mediaId => ({ imageUsageType: 'IMAGE_USAGE_TYPE_ASSET', mediaId })) }
}

const COMMON = ['seed', 'structuredPrompt', 'textInput', 'metadata', 'clientContext']

function expectStep(fact: Fact, started: Started) {
  if (fact.upsample?.kind === 'image')
    expect(started).toMatchObject({ state: 'next', step: { kind: 'image_upsample', mediaId: 'made' } })
  else if (fact.kind === 'image') expect(started.state).toBe('done')
  else expect(started).toMatchObject({ state: 'running', operation: { name: 'made', seconds: fact.seconds } })
  if (started.state !== 'running') return
  const follow = fact.upsample ? 'upsample' : fact.mode === 'extend' ? 'concatenate' : undefined
  expect(started.operation['follow']).toBe(follow)
}

describe.each(facts.models)('$id', fact => {
  const cases = fact.requests.flatMap(({ call, pictures, keys }) => {
    const [least = 0, most = 0] = pictures
    return Array.from({ length: most - least + 1 }, (_, index) => ({ call, keys, pictures: least + index }))
  })

  test('is sent as the catalogue has it', async () => {
    for (const { call, keys, pictures } of cases)
      for (const tier of TIERS) {
        const { result, sent } = await startedBy(workOf(fact, pictures), tier)
        const key = at(keys, tier)
        if (key === undefined) {
          expect([fact.id, tier, result._unsafeUnwrapErr().code, sent]).toEqual([
            fact.id,
            tier,
            'account_not_entitled',
            undefined,
          ])
          continue
        }
        expectStep(fact, result._unsafeUnwrap())
        expect(sent?.url).toBe(`${API}/${call.replace('{projectId}', PROJECT)}`)
        const [request, ...others] = (at(sent?.json, 'requests') ?? []) as readonly Record<string, unknown>[] // compared below
        expect(others).toEqual([])
        const particular = Object.fromEntries(Object.entries(request ?? {}).filter(([name]) => !COMMON.includes(name)))
        expect(particular).toEqual({
          ...(fact.kind === 'image'
            ? { imageModelName: key, imageAspectRatio: fact.aspect }
            : { videoModelKey: key, aspectRatio: fact.aspect }),
          ...expectedParts(fact, pictures),
        })
      }
  })

  test('is planned for its tier, ratio and length', () => {
    for (const { pictures } of cases) {
      const inputs = rolesOf(fact.mode, pictures).map(role => ({ role }))
      const plan = flow.plan(fact.id, {}, inputs)._unsafeUnwrap()
      expect(plan.model).toBe(fact.aliasOf ?? fact.id)
      expect(plan.tier ?? 'PAYGATE_TIER_NOT_PAID').toBe(fact.tier)
      expect(plan.requested.aspectRatio).toBe(aspectOf(fact.aspect))
      if (fact.kind === 'video' && fact.mode !== 'extend') expect(plan.requested.seconds).toBe(fact.seconds ?? 0)
    }
  })

  test('is enlarged as the catalogue has it', async () => {
    const { upsample } = fact
    if (upsample === null) return
    const mediaId = 'made'
    const kind = `${upsample.kind}_upsample`
    const step = { kind, model: fact.aliasOf ?? fact.id, projectId: PROJECT, mediaId, seconds: fact.seconds ?? 0 }
    const work = { ...workOf(fact, cases[0]?.pictures ?? 0), step }
    const { result, sent } = await startedBy(work, 'PAYGATE_TIER_TWO')
    expect(sent?.url).toBe(`${API}/${upsample.endpoint}`)
    if (upsample.kind === 'image') {
      expect(sent?.json).toMatchObject({ mediaId, targetResolution: upsample.targetResolution })
      return
    }
    expect(result._unsafeUnwrap()).toMatchObject({ state: 'running', operation: { base: mediaId } })
    expect(at(sent?.json, 'requests')).toMatchObject([
      {
        videoModelKey: upsample.videoModelKey,
        resolution: upsample.resolution,
        aspectRatio: fact.aspect,
        videoInput: { mediaId },
      },
    ])
  })
})

test('every generic name leads where the catalogue says, by ratio and resolution', () => {
  let rows = 0
  for (const fact of facts.models)
    for (const wanted of fact.resolvesFrom) {
      rows++
      const resolution = at(wanted, 'imageSize')
      const inputs = rolesOf(fact.mode, fact.requests[0]?.pictures[0] ?? 0).map(role => ({ role }))
      const parameters = {
        aspectRatio: wanted.aspect,
        ...(typeof resolution === 'string' && { resolution }),
      }
      const plan = flow.plan(wanted.name, parameters, inputs)._unsafeUnwrap()
      expect([wanted.name, parameters, plan.model]).toEqual([wanted.name, parameters, fact.aliasOf ?? fact.id])
    }
  expect(rows).toBeGreaterThan(59)
  expect(facts.generic).toHaveLength(59)
})
