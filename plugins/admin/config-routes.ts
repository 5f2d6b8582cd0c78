/** `/admin/api/config`: what is in force, changing it, and its history. */
import { type Static, Type } from '@sinclair/typebox'
import { domainFault, faultResponse } from 'flow2api/contracts'
import { type ConfigVersion, Elysia, readJson } from 'flow2api/plugin'
import { type Admin, allowed, jsonBody, noted, rejection } from './routes.ts'

export const ChangeBody = Type.Object(
  {
    set: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
      description: 'Section → key → value; null takes the override away.',
    }),
    dry_run: Type.Optional(Type.Boolean({ description: 'Only say what would happen.' })),
  },
  { additionalProperties: false, examples: [{ set: { generation: { max_queue: 500 } }, dry_run: true }] },
)
type ChangeBody = Static<typeof ChangeBody>

const LISTED = 100
const MOST_LISTED = 1_000

const versionView = ({ version, at, by, note }: ConfigVersion) => ({
  version,
  created_at: Math.floor(at / 1000),
  by,
  note,
})

export const configRoutes = (admin: Admin) => {
  const { kernel, log } = admin
  const numbered = (text: string) => (/^\d{1,9}$/.test(text) ? Number(text) : 0)
  const noVersion = (text: string) =>
    faultResponse(domainFault('not_found', `There is no version ${text}. GET /admin/api/config/versions lists them.`))
  const paths = ({ set }: ChangeBody) =>
    Object.entries(set).flatMap(([section, keys]) => Object.keys(keys).map(key => `${section}.${key}`))
  const tags = ['Admin']
  return new Elysia()
    .get(
      '/admin/api/config',
      ({ request }) =>
        allowed(admin, request, 'admin', () => ({
          object: 'config' as const,
          sections: kernel.config(),
          settings: kernel.settings(),
          schemas: kernel.schemas(),
        })),
      {
        detail: {
          tags,
          summary: 'Show the configuration in force',
          description:
            'Every section after defaults, file, overrides and environment; each key with where its value comes from, and the environment variable that fixes it; and the JSON Schema of each section with its owner. Secrets are masked.',
        },
      },
    )
    .put(
      '/admin/api/config',
      ({ request }) =>
        allowed(admin, request, 'admin', async caller => {
          const body = await readJson(request, ChangeBody)
          if (body.isErr()) return faultResponse(body.error)
          if (body.value.dry_run) {
            const preview = await kernel.preview(body.value.set)
            return preview.isOk() ? preview.value : rejection(preview.error)
          }
          const report = await kernel.change(body.value.set, caller.id)
          if (report.isErr()) return rejection(report.error)
          const detail = paths(body.value).join(', ')
          noted(admin, request, caller, { action: 'config.change', target: 'overrides.toml', detail })
          return report.value
        }),
      {
        parse: 'none',
        detail: {
          tags,
          summary: 'Change settings',
          description:
            'Applied at once and kept in data/overrides.toml as a new version: all of it or nothing. Answers as a reload does; with `dry_run` what would differ and what each plugin would do. A masked secret that is sent back stays as it is, also within a list.',
          requestBody: jsonBody(ChangeBody),
        },
      },
    )
    .get(
      '/admin/api/config/versions',
      ({ request }) =>
        allowed(admin, request, 'admin', () => ({ object: 'list' as const, data: kernel.versions().map(versionView) })),
      {
        detail: { tags, summary: 'List versions of the overrides', description: 'Newest first; 100 are kept.' },
      },
    )
    .get(
      '/admin/api/config/versions/:version',
      ({ request, params }) =>
        allowed(admin, request, 'admin', () => {
          const changes = kernel.compare(numbered(params.version))
          return changes ? { object: 'config_difference' as const, changes } : noVersion(params.version)
        }),
      {
        detail: {
          tags,
          summary: 'Compare a version with the present',
          description: 'What restoring it would change in data/overrides.toml. Secrets are masked.',
        },
      },
    )
    .post(
      '/admin/api/config/versions/:version/restore',
      ({ request, params }) =>
        allowed(admin, request, 'admin', async caller => {
          const version = numbered(params.version)
          if (kernel.compare(version) === undefined) return noVersion(params.version)
          const report = await kernel.restore(version, caller.id)
          if (report.isErr()) return rejection(report.error)
          noted(admin, request, caller, { action: 'config.restore', target: `version ${version}`, detail: '' })
          return report.value
        }),
      {
        parse: 'none',
        detail: {
          tags,
          summary: 'Restore a version',
          description: 'Becomes the newest one. Answers as a reload does.',
        },
      },
    )
    .get(
      '/admin/api/reloads',
      ({ request }) =>
        allowed(admin, request, 'admin', () => {
          const data = kernel.reloads().map(({ at, ...rest }) => ({ created_at: Math.floor(at / 1000), ...rest }))
          return { object: 'list' as const, data }
        }),
      {
        detail: {
          tags,
          summary: 'List the last reloads',
          description:
            'Since the start, newest first: what triggered each, what it did, why it was rejected or undone.',
        },
      },
    )
    .get(
      '/admin/api/audit',
      ({ request, query }) =>
        allowed(admin, request, 'admin', () => {
          const limit = Math.min(MOST_LISTED, numbered(query['limit'] ?? '') || LISTED)
          const before = numbered(query['before'] ?? '')
          const rows = log.list({
            limit,
            ...(query['action'] !== undefined && { action: query['action'] }),
            ...(query['q'] !== undefined && { q: query['q'] }),
            ...(before > 0 && { before }),
          })
          const data = rows.slice(0, limit).map(({ at, ...row }) => ({ ...row, created_at: Math.floor(at / 1000) }))
          return { object: 'list' as const, data, has_more: rows.length > limit }
        }),
      {
        detail: {
          tags,
          summary: 'Who changed what',
          description:
            'Newest first; `action` filters, `q` searches all texts, `before` (an id) and `limit` page. No secret is in it.',
        },
      },
    )
}
