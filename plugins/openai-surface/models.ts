/** `GET /v1/models`: what can be made here, as OpenAI lists models, with `capabilities` of our own. */
import { faultResponse, type ListedModel } from 'flow2api/contracts'
import { Elysia } from 'flow2api/plugin'
import { unixSeconds } from './jobs.ts'
import { authenticated, type Surface } from './surface.ts'

/** Upstreams do not say when a model appeared, and clients want a number: the project's first day. */
const EPOCH_SECONDS = unixSeconds(Date.UTC(2026, 10, 23))

const modelObject = (model: ListedModel) => ({
  id: model.id,
  object: 'model',
  created: EPOCH_SECONDS,
  owned_by: model.provider,
  capabilities: {
    kind: model.kind,
    inputs: model.accepts.inputs,
    aspect_ratios: model.accepts.aspectRatios,
    sizes: model.accepts.sizes,
    resolutions: model.accepts.resolutions,
    seconds: model.accepts.seconds,
    tier: model.tier ?? null,
    alias_of: model.aliasOf ?? null,
  },
})

export const modelRoutes = (surface: Surface) => {
  const retrieve = (request: Request, id: string) =>
    authenticated(surface, request, async () => {
      const model = await surface.jobs.model(id)
      return model.isErr() ? faultResponse(model.error) : Response.json(modelObject(model.value))
    })
  return (
    new Elysia()
      .get(
        '/v1/models',
        ({ request }) =>
          authenticated(surface, request, () =>
            Response.json({ object: 'list', data: surface.jobs.models().map(modelObject) }),
          ),
        {
          detail: {
            tags: ['Models'],
            summary: 'List models',
            description: 'Every model and alias that is served now. `capabilities` says what each accepts.',
          },
        },
      )
      .get('/v1/models/:model', ({ request, params }) => retrieve(request, params.model), {
        detail: {
          tags: ['Models'],
          summary: 'Retrieve a model',
          description: 'One model by its id or alias; ids may contain `/`. 404 `model_not_found` with a suggestion.',
        },
      })
      // Ids may contain a slash, written as it is. Elysia decodes named parameters only, and documents no wildcard.
      .get('/v1/models/*', ({ request, params }) => retrieve(request, decoded(params['*'])))
  )
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    return id
  }
}
