/** `GET /v1/models`: what can be made here, as OpenAI lists models, with `capabilities` of our own. */
import { authorized, decoded, faultResponse, type ListedModel, type ModelsView } from 'flow2api/contracts'
import { Elysia, type Fault, type Handle } from 'flow2api/plugin'
import { unixSeconds } from './jobs.ts'
import type { Surface } from './surface.ts'

/** Upstreams do not say when a model appeared, and clients want a number: the project's first day. */
const EPOCH_SECONDS = unixSeconds(Date.UTC(2026, 10, 23))

const modelObject = (model: ListedModel) => ({
  id: model.id,
  object: 'model',
  created: EPOCH_SECONDS,
  owned_by: model.provider,
  shutdown_date: null,
  // Where OpenRouter's clients look for what makes pictures.
  architecture: {
    input_modalities: model.accepts.inputs.length > 0 ? ['text', 'image'] : ['text'],
    output_modalities: [model.kind],
  },
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
  const viewed = (view: (service: Handle<ModelsView>) => object | undefined): Response | undefined => {
    for (const { service } of surface.views.all()) {
      const body = view(service)
      if (body !== undefined) return Response.json(body)
    }
    return undefined
  }
  const refused = (request: Request, fault: Fault): Response => {
    for (const { service } of surface.views.all()) {
      const refusal = service.refusal?.(request, fault)
      if (refusal !== undefined) return refusal
    }
    return faultResponse(fault)
  }
  const known = (request: Request, answer: () => Response | Promise<Response>) =>
    authorized(surface.auth, request, 'api', answer, fault => refused(request, fault))
  const list = (request: Request) =>
    known(
      request,
      () =>
        viewed(view => view.list(request)) ??
        Response.json({ object: 'list', data: surface.jobs.models().map(modelObject) }),
    )
  const retrieve = (request: Request, id: string) =>
    known(request, async () => {
      const other = viewed(view => view.one(request, id))
      if (other !== undefined) return other
      const model = await surface.jobs.model(id)
      return model.isErr() ? refused(request, model.error) : Response.json(modelObject(model.value))
    })
  return (
    new Elysia()
      .get('/v1/models', ({ request }) => list(request), {
        detail: {
          tags: ['Models'],
          summary: 'List models',
          description: 'Every model and alias that is served now. `capabilities` says what each accepts.',
        },
      })
      .get('/v1/models/:model', ({ request, params }) => retrieve(request, params.model), {
        detail: {
          tags: ['Models'],
          parameters: [
            { in: 'path', name: 'model', required: true, schema: { type: 'string', example: 'gpt-image-1' } },
          ],
          summary: 'Retrieve a model',
          description: 'One model by its id or alias; ids may contain `/`. 404 `model_not_found` with a suggestion.',
        },
      })
      // Ids may contain a slash, written as it is. Elysia decodes named parameters only, and documents no wildcard.
      .get('/v1/models/*', ({ request, params }) => retrieve(request, decoded(params['*'])))
  )
}
