/** The files for containers and services: read by the programs that they are for, as far as those are at hand. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { validate } from 'dockerfile-utils'
import packageFile from '../../package.json'
import { missing, programPath } from '../fixtures/installed.ts'

const ROOT = join(import.meta.dir, '../..')
const text = (...path: string[]) => Bun.file(join(ROOT, ...path)).text()

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly profiles?: readonly string[]; readonly volumes?: readonly string[] }>
  >
  readonly volumes: Readonly<Record<string, unknown>>
}

test('no linter has anything to say about the Dockerfile, and it pins the same Bun', async () => {
  const dockerfile = await text('Dockerfile')
  expect(validate(dockerfile)).toEqual([])
  expect(dockerfile).toContain(`bun@${packageFile.dependencies.bun} `)
  expect(dockerfile).toMatch(/^USER (?!root)\S+$/m)
  expect(dockerfile).toMatch(/^HEALTHCHECK /m)
})

test('compose.yaml has the gateway, WARP as a profile, and declares its volumes', async () => {
  const compose = Bun.YAML.parse(await text('compose.yaml')) as Compose // its shape is what is checked
  expect(Object.entries(compose.services).map(([name, { profiles }]) => [name, profiles])).toEqual([
    ['flow2api', undefined],
    ['warp', ['warp']],
  ])
  const used = Object.values(compose.services).flatMap(({ volumes }) => volumes?.map(volume => volume.split(':')[0]))
  expect([...used].sort()).toEqual(Object.keys(compose.volumes).sort())
  const places = compose.services['flow2api']?.volumes?.map(volume => volume.split(':')[1])
  expect(places).toEqual(['/app/config', '/app/data', '/app/tmp'])
})

const noSystemd = missing('systemd-analyze')
describe(`systemd${noSystemd ? ` (${noSystemd})` : ''}`, () => {
  test.skipIf(noSystemd !== null)('accepts the unit', async () => {
    const unit = join(ROOT, 'config/examples/systemd/flow2api.service')
    const check = Bun.spawnSync([programPath('systemd-analyze'), 'verify', unit])
    // The executable is not installed here, and that is all that is wrong.
    const complaints = check.stderr
      .toString()
      .split('\n')
      .filter(line => line !== '' && line.includes('flow2api'))
    expect(complaints.filter(line => !/not executable: No such file/.test(line))).toEqual([])
  })
})
