/** What a caller asks of a picture or video. */
import { describe, expect, test } from 'bun:test'
import type { Body } from '../../plugins/openai-surface/body.ts'
import { Fields } from '../../plugins/openai-surface/fields.ts'
import { readParameters, readSize } from '../../plugins/openai-surface/parameters.ts'

const json = (values: Record<string, unknown>): Body => ({ values, textual: false })
const form = (values: Record<string, unknown>): Body => ({ values, textual: true })

describe('sizes', () => {
  test.each([
    ['1024x1024', { size: '1024x1024' }],
    ['1024X768', { size: '1024x768' }],
    ['1024×768', { size: '1024x768' }],
    ['16:9', { aspectRatio: '16:9' }],
    ['2k', { resolution: '2K' }],
    ['1080P', { resolution: '1080p' }],
    ['auto', {}],
    [undefined, {}],
    ['huge', { size: 'huge' }],
  ])('%p', (written, expected) => {
    expect(readSize(written)).toEqual(expected)
  })

  test('a field of its own beats what size says', () => {
    const fields = new Fields(json({ size: '16:9', aspect_ratio: '1:1', image_size: '4k', seconds: '8' }))
    expect(readParameters(fields, 'image')).toEqual({ aspectRatio: '1:1', resolution: '4K' })
  })

  test('less than asked for is taken only where the caller says so, as text in a form', () => {
    const read = (body: Body) => readParameters(new Fields(body), 'image')
    expect(read(json({ allow_downgrade: true }))).toEqual({ allowDowngrade: true })
    expect(read(form({ allow_downgrade: 'true' }))).toEqual({ allowDowngrade: true })
    expect(read(form({ allow_downgrade: 'false' }))).toEqual({})
    const fields = new Fields(json({ allow_downgrade: 'true' }))
    readParameters(fields, 'image')
    expect(fields.fault).toMatchObject({ param: 'allow_downgrade', code: 'invalid_value' })
  })

  test.each([
    ['8', 8],
    [4, 4],
    ['2.5', 2.5],
  ])('seconds %p', (written, seconds) => {
    expect(readParameters(new Fields(json({ seconds: written })), 'video')).toEqual({ seconds })
  })

  test.each(['0', -1, 'long', {}])('seconds %p is refused', written => {
    const fields = new Fields(json({ seconds: written }))
    readParameters(fields, 'video')
    expect(fields.fault).toMatchObject({ param: 'seconds', code: 'invalid_value' })
  })
})
