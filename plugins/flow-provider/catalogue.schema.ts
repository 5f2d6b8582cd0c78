/** The shape of `catalogue.data.json`; a test holds the file to it. */
import { type Static, t } from 'flow2api/plugin'
import { ASPECTS } from './aspects.ts'
import { TIERS, type Tier } from './tiers.ts'

const oneOf = <const T extends string>(values: readonly T[]) => t.Union(values.map(value => t.Literal(value)))
const exactly = { additionalProperties: false } as const

const range = t.Object(
  {
    min: t.Integer({ minimum: 0 }),
    /** Null: no limit is known. */
    max: t.Union([t.Integer({ minimum: 0 }), t.Null()]),
  },
  exactly,
)

const key = t.Optional(t.String({ minLength: 1 }))

/** One call that makes it, chosen by how many pictures are supplied. */
const request = t.Object(
  {
    /** Custom method behind the API's base, or for images behind the project (PROTOCOL.md 2). */
    call: t.String({ minLength: 1 }),
    images: range,
    /** The upstream's key by account tier. A tier that is missing may not use the model. */
    keyByTier: t.Object(
      { PAYGATE_TIER_NOT_PAID: key, PAYGATE_TIER_ONE: key, PAYGATE_TIER_TWO: key } satisfies Record<Tier, unknown>,
      exactly,
    ),
  },
  exactly,
)

const upsample = t.Object(
  {
    resolution: oneOf(['2K', '4K', '1080p']),
    call: t.String(),
    /** Value of `targetResolution` or `resolution`. */
    target: t.String(),
    /** Videos: the model key of the second paid step. */
    key: t.Optional(t.String()),
  },
  exactly,
)

const model = t.Object(
  {
    id: t.String({ minLength: 1 }),
    kind: oneOf(['image', 'video']),
    /** t2i also takes reference pictures where `images.max` is not 0. */
    mode: oneOf(['t2i', 't2v', 'i2v', 'r2v', 'extend', 'omni']),
    family: t.String(),
    aspect: oneOf(ASPECTS),
    /** How many pictures it takes. */
    images: range,
    /** Videos only. It is part of the key and never sent. */
    seconds: t.Optional(t.Integer({ minimum: 1 })),
    /** The least account tier. */
    tier: oneOf(TIERS),
    requests: t.Array(request, { minItems: 1 }),
    upsample: t.Optional(upsample),
  },
  exactly,
)

/** Another name of a model; the same in everything. */
const alias = t.Object({ id: t.String({ minLength: 1 }), aliasOf: t.String({ minLength: 1 }) }, exactly)

export const catalogueSchema = t.Object(
  {
    source: t.String(),
    models: t.Array(t.Union([model, alias])),
    /** Names that stand for several models, told apart by ratio, seconds and resolution. The first is the default. */
    generic: t.Record(t.String(), t.Array(t.String(), { minItems: 1 })),
  },
  exactly,
)

export type CatalogueData = Static<typeof catalogueSchema>
export type CatalogueModel = Static<typeof model>
export type CatalogueRequest = Static<typeof request>
