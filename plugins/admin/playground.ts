/** The console's own way to the job engine: models, trying them out, and looking at what was made. */
import { type Static, Type } from '@sinclair/typebox'
import {
  type Caller,
  domainFault,
  faultResponse,
  type InputRole,
  type JobEngine,
  type JobInput,
  jobBody,
  type ListedModel,
} from 'flow2api/contracts'
import { Elysia, err, type Fault, ok, type Result, readJson, type Slot } from 'flow2api/plugin'
import { type Admin, allowed, jsonBody } from './routes.ts'

const ROLES = ['reference', 'first_frame', 'last_frame', 'source_video'] as const satisfies readonly InputRole[]

const Input = Type.Object(
  {
    role: Type.Union(ROLES.map(role => Type.Literal(role))),
    mime: Type.Optional(Type.String({ maxLength: 100 })),
    data: Type.Optional(Type.String({ description: 'The file, in Base64.' })),
    job: Type.Optional(Type.String({ maxLength: 100, description: 'In place of a file: the job whose media it is.' })),
  },
  { additionalProperties: false },
)

export const PlayBody = Type.Object(
  {
    kind: Type.Union([Type.Literal('image'), Type.Literal('video')]),
    model: Type.String({ maxLength: 200, description: 'Empty: the default of the kind.' }),
    prompt: Type.String({ minLength: 1, maxLength: 32_000 }),
    aspect_ratio: Type.Optional(Type.String({ maxLength: 20 })),
    size: Type.Optional(Type.String({ maxLength: 20 })),
    resolution: Type.Optional(Type.String({ maxLength: 20 })),
    seconds: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 600 })),
    seed: Type.Optional(Type.Integer({ minimum: 0 })),
    allow_downgrade: Type.Optional(Type.Boolean()),
    count: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })),
    inputs: Type.Optional(Type.Array(Input, { maxItems: 16 })),
  },
  { additionalProperties: false },
)
export type PlayBody = Static<typeof PlayBody>

/** As job records call what came this way. */
const SURFACE = 'playground'

export interface Playground {
  readonly admin: Admin
  readonly jobs: Slot<JobEngine>
}

const modelView = (model: ListedModel) => ({
  id: model.id,
  kind: model.kind,
  provider: model.provider,
  description: model.description ?? null,
  alias_of: model.aliasOf ?? null,
  tier: model.tier ?? null,
  inputs: model.accepts.inputs,
  aspect_ratios: model.accepts.aspectRatios,
  sizes: model.accepts.sizes,
  resolutions: model.accepts.resolutions,
  seconds: model.accepts.seconds,
})

export const playgroundRoutes = ({ admin, jobs }: Playground) => {
  const engine = (): Result<NonNullable<typeof jobs.current>, Fault> =>
    jobs.current
      ? ok(jobs.current)
      : err(domainFault('not_found', 'Nothing generates here. Switch on the plugin `generation`.'))
  const tags = ['Admin']
  return new Elysia()
    .get(
      '/admin/api/models',
      ({ request }) =>
        allowed(admin, request, 'admin', () => {
          const found = engine()
          if (found.isErr()) return faultResponse(found.error)
          const defaults = {
            image: found.value.defaultModel('image')?.id ?? null,
            video: found.value.defaultModel('video')?.id ?? null,
          }
          return { object: 'list' as const, data: found.value.models().map(modelView), defaults }
        }),
      {
        detail: {
          tags,
          summary: 'Models for trying out',
          description: 'Every model and alias with what it accepts, and the default of each kind.',
        },
      },
    )
    .post(
      '/admin/api/playground',
      ({ request }) =>
        allowed(admin, request, 'admin', async caller => {
          const body = await readJson(request, PlayBody)
          if (body.isErr()) return faultResponse(body.error)
          const found = engine()
          if (found.isErr()) return faultResponse(found.error)
          const job = await submit(found.value, body.value, caller)
          return job.isErr() ? faultResponse(job.error) : jobBody(job.value)
        }),
      {
        parse: 'none',
        detail: {
          tags,
          summary: 'Try a model out',
          description:
            'Makes a job with the session of the console and answers it at once, as GET /v1/jobs/{id} would. Follow it with GET /admin/api/jobs/{id}.',
          requestBody: jsonBody(PlayBody),
        },
      },
    )
}

function submit(engine: NonNullable<Slot<JobEngine>['current']>, body: PlayBody, caller: Caller) {
  const inputs: JobInput[] = (body.inputs ?? []).map(({ role, mime = '', data = '', job }) =>
    job === undefined
      ? { role, mime, bytes: Uint8Array.from(Buffer.from(data, 'base64')) }
      : { role, from: { jobId: job.replace(/^video_/, 'job_'), index: 0 } },
  )
  return engine.submit(
    {
      kind: body.kind,
      model: body.model,
      prompt: body.prompt,
      parameters: {
        ...(body.aspect_ratio !== undefined && { aspectRatio: body.aspect_ratio }),
        ...(body.size !== undefined && { size: body.size }),
        ...(body.resolution !== undefined && { resolution: body.resolution }),
        ...(body.seconds !== undefined && { seconds: body.seconds }),
        ...(body.seed !== undefined && { seed: body.seed }),
        ...(body.allow_downgrade !== undefined && { allowDowngrade: body.allow_downgrade }),
      },
      inputs,
      count: body.count ?? 1,
    },
    { caller, surface: SURFACE },
  )
}
