/** Models as Google lists them (api-surfaces B.2): under `/v1beta`, and under `/v1` for those who ask like its clients. */
import { decoded, domainFault, type ListedModel, type ModelsView, type SurfaceWorld } from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type Result } from 'flow2api/plugin'
import { MODEL_DOCS } from './docs.ts'
import { errorResponse, keyRefusal } from './errors.ts'
import { authenticated } from './surface.ts'

const USUAL_PAGE = 50
const LARGEST_PAGE = 1000

const METHODS = {
  image: ['generateContent', 'streamGenerateContent', 'predict', 'createInteraction'],
  video: ['predictLongRunning', 'createInteraction'],
} as const

const modelBody = ({ id, kind, description = '' }: ListedModel) => ({
  name: `models/${id}`,
  baseModelId: id,
  version: '001',
  displayName: id,
  description,
  // Prompts are counted in characters here; programs that plan with these numbers need some.
  inputTokenLimit: 8192,
  outputTokenLimit: 8192,
  supportedGenerationMethods: METHODS[kind],
})

/** Errors: `invalid_value`. */
export function modelPage(models: readonly ListedModel[], query: URLSearchParams): Result<object, Fault> {
  const written = query.get('pageSize') ?? ''
  const size = written === '' ? USUAL_PAGE : Number(written)
  const token = query.get('pageToken') ?? ''
  const from = token === '' ? 0 : Number(token)
  const refuse = (param: string, rule: string) => err(domainFault('invalid_value', `\`${param}\` ${rule}.`, { param }))
  if (!Number.isSafeInteger(size) || size < 0) return refuse('pageSize', 'must be a whole number, at most 1000')
  if (!Number.isSafeInteger(from) || from < 0)
    return refuse('pageToken', 'must be the nextPageToken of an earlier page')
  const to = from + Math.min(size === 0 ? USUAL_PAGE : size, LARGEST_PAGE)
  return ok({
    models: models.slice(from, to).map(modelBody),
    ...(to < models.length && { nextPageToken: String(to) }),
  })
}

const queryOf = (request: Request) => new URL(request.url).searchParams

/** By its header, or by a query that only this API has. */
export function asksLikeGoogle({ headers, url }: Pick<Request, 'headers' | 'url'>): boolean {
  if (headers.has('x-goog-api-key') || headers.has('x-goog-api-client')) return true
  const query = new URL(url).searchParams
  return ['key', 'pageSize', 'pageToken'].some(name => query.has(name))
}

/** Of a list in memory, as the view has to answer at once. */
function listed(models: readonly ListedModel[], id: string): ListedModel | undefined {
  const wanted = id.toLowerCase().replace(/^models\//, '')
  return models.find(model => model.id.toLowerCase() === wanted)
}

/** What `GET /v1/models` answers to clients of this API. */
export const googleView = (world: SurfaceWorld): ModelsView => ({
  list: request =>
    asksLikeGoogle(request) ? modelPage(world.jobs.models(), queryOf(request)).unwrapOr(undefined) : undefined,
  one: (request, id) => {
    const model = asksLikeGoogle(request) ? listed(world.jobs.models(), id) : undefined
    return model === undefined ? undefined : modelBody(model)
  },
  refusal: (request, fault) =>
    !asksLikeGoogle(request)
      ? undefined
      : fault.code === 'invalid_api_key'
        ? keyRefusal(fault, request)
        : errorResponse(fault),
})

export const modelRoutes = (world: SurfaceWorld) => {
  const retrieve = (request: Request, id: string) =>
    authenticated(world, request, async () => {
      const model = await world.jobs.model(id)
      return model.match(
        found => Response.json(modelBody(found)),
        fault => world.refuse(fault),
      )
    })
  return (
    new Elysia()
      .get(
        '/v1beta/models',
        ({ request }) =>
          authenticated(world, request, () =>
            modelPage(world.jobs.models(), queryOf(request)).match(
              page => Response.json(page),
              fault => world.refuse(fault),
            ),
          ),
        { detail: MODEL_DOCS.list },
      )
      .get('/v1beta/models/:model', ({ request, params }) => retrieve(request, params.model), {
        detail: MODEL_DOCS.one,
      })
      // Ids may contain a slash. Elysia decodes named parameters only, and documents no wildcard.
      .get('/v1beta/models/*', ({ request, params }) => retrieve(request, decoded(params['*'])))
  )
}
