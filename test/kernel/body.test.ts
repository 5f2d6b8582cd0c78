import { expect, test } from 'bun:test'
import { readJson, t } from 'flow2api/plugin'

const Shape = t.Object(
  {
    name: t.String(),
    limit: t.Optional(t.Union([t.Integer(), t.Null()])),
    deep: t.Optional(t.Object({ on: t.Boolean() })),
  },
  { additionalProperties: false },
)
const read = (body: string) => readJson(new Request('http://localhost/', { method: 'POST', body }), Shape)
const refused = async (body: string) => {
  const { code, param, message } = (await read(body))._unsafeUnwrapErr()
  return [code, param, message]
}

test('a body that fits is handed over as its type', async () => {
  const body = (await read('{"name":"x","limit":null}'))._unsafeUnwrap()
  const name: string = body.name
  expect([name, body.limit]).toEqual(['x', null])
})

test('one that does not is refused by the name of what is wrong', async () => {
  expect(await refused('{')).toEqual(['invalid_json', undefined, 'The body is not valid JSON. Send a JSON object.'])
  expect(await refused('[]')).toEqual(['invalid_value', undefined, 'The body must be a JSON object.'])
  expect(await refused('{}')).toEqual(['missing_required_parameter', 'name', '`name` is missing.'])
  expect(await refused('{"name":"x","nmae":1}')).toEqual([
    'invalid_value',
    'nmae',
    '`nmae` is not known here. Check its spelling.',
  ])
  expect(await refused('{"name":"x","deep":{"on":1}}')).toEqual([
    'invalid_value',
    'deep.on',
    '`deep.on` is not valid: expected boolean.',
  ])
  expect(await refused('{"name":"x","limit":"1"}')).toEqual([
    'invalid_value',
    'limit',
    '`limit` is not valid: expected integer or null.',
  ])
})
