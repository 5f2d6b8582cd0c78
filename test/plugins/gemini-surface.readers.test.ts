/** What bodies become, and that no body breaks a reader. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { domainFault, FAULTS, type FaultCode, placedInputs, type SuppliedInput } from 'flow2api/contracts'
import { readContentRequest } from '../../plugins/gemini-surface/content-request.ts'
import { errorBody, errorResponse, statusOf } from '../../plugins/gemini-surface/errors.ts'
import {
  fileId,
  fileOfUri,
  interactionId,
  interactionJob,
  operationJob,
  operationName,
  parseFileId,
} from '../../plugins/gemini-surface/ids.ts'
import { readPredictRequest } from '../../plugins/gemini-surface/predict.ts'
import { Reader } from '../../plugins/gemini-surface/reader.ts'
import { readVideoRequest } from '../../plugins/gemini-surface/video-request.ts'
import { GEMINI_MODELS } from './gemini-surface.world.ts'
import { PNG, sampleJob } from './openai-surface.fixtures.ts'

const snake = (name: string) => name.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

/** The same document with each name spelled as `spell` says. */
function respelled(value: unknown, spell: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map(item => respelled(item, spell))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [spell(name), respelled(item, spell)]))
}

const READERS = { readContentRequest, readPredictRequest, readVideoRequest } as const
const data = PNG.toBase64()

/** Each reader with a body that uses all that it knows. */
const BODIES: readonly (readonly [keyof typeof READERS, { readonly [name: string]: unknown }])[] = [
  [
    'readContentRequest',
    {
      contents: [
        { role: 'user', parts: [{ text: 'a fox' }] },
        { role: 'model', parts: [{ inlineData: { mimeType: 'image/png', data } }] },
        {
          role: 'user',
          parts: [
            { text: 'at night' },
            { inlineData: { mimeType: 'image/png', data } },
            { fileData: { fileUri: 'files/0a1bx2' } },
          ],
        },
      ],
      generationConfig: {
        responseModalities: ['TEXT', 'IMAGE'],
        candidateCount: 2,
        seed: 7,
        imageConfig: { aspectRatio: '16:9', imageSize: '2K', outputMimeType: 'image/webp' },
      },
      allowDowngrade: true,
    },
  ],
  [
    'readPredictRequest',
    {
      instances: [{ prompt: 'a fox', image: { bytesBase64Encoded: data } }],
      parameters: {
        sampleCount: 3,
        aspectRatio: '1:1',
        sampleImageSize: '4k',
        includeRaiReason: true,
        outputOptions: { mimeType: 'image/jpeg', compressionQuality: 80 },
      },
    },
  ],
  [
    'readVideoRequest',
    {
      instances: [
        {
          prompt: 'it moves',
          image: { inlineData: { mimeType: 'image/png', data } },
          lastFrame: { bytesBase64Encoded: data, mimeType: 'image/png' },
          referenceImages: [{ image: { imageBytes: data }, referenceType: 'ASSET' }],
          video: { uri: 'https://gateway.example/v1beta/files/0a1b:download?alt=media' },
        },
      ],
      parameters: { sampleCount: 2, durationSeconds: '8', resolution: '1080P', aspectRatio: '9:16', seed: -1 },
    },
  ],
]

describe('bodies', () => {
  test('a conversation: the last turn is the prompt, and its pictures come first', () => {
    const { job, inputs, format } = readContentRequest('img', Reader.of(BODIES[0]?.[1] ?? {}))._unsafeUnwrap()
    expect(job).toEqual({
      kind: 'image',
      model: 'img',
      prompt: 'at night',
      parameters: { aspectRatio: '16:9', resolution: '2K', seed: 7, allowDowngrade: true },
      inputs: [],
      count: 2,
    })
    expect(inputs).toEqual([
      { source: PNG },
      { source: { jobId: 'job_0a1b', index: 2 } },
      { source: PNG, optional: true },
    ])
    expect(format).toEqual({ format: 'webp', quality: undefined })
  })

  test('Imagen', () => {
    const { job, inputs, format, tellsFiltered } = readPredictRequest(
      'img',
      Reader.of(BODIES[1]?.[1] ?? {}),
    )._unsafeUnwrap()
    expect(job).toMatchObject({ prompt: 'a fox', count: 3, parameters: { aspectRatio: '1:1', resolution: '4K' } })
    expect([inputs, format, tellsFiltered]).toEqual([
      [{ role: 'reference', source: PNG }],
      { format: 'jpeg', quality: 80 },
      true,
    ])
  })

  test('Veo: each picture has its role', () => {
    const { job, inputs } = readVideoRequest('veo', Reader.of(BODIES[2]?.[1] ?? {}))._unsafeUnwrap()
    expect(job).toMatchObject({
      kind: 'video',
      count: 2,
      parameters: { aspectRatio: '9:16', resolution: '1080p', seconds: 8 },
    })
    expect(inputs).toEqual([
      { role: 'first_frame', source: PNG },
      { role: 'last_frame', source: PNG },
      { role: 'reference', source: PNG },
      { role: 'source_video', source: { jobId: 'job_0a1b', index: 0 } },
    ])
  })

  test.each(BODIES)('%s: any mixture of camelCase and snake_case is the same', (name, body) => {
    const expected = READERS[name]('m', Reader.of(body))._unsafeUnwrap()
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), choices => {
        const spelled = respelled(body, key => (choices.next().value ? snake(key) : key))
        expect(READERS[name]('m', Reader.of(spelled as typeof body))._unsafeUnwrap()).toEqual(expected) // the same shape
      }),
    )
  })

  test.each(BODIES)('%s: one place changed into anything is read, or refused as the caller’s mistake', (name, body) => {
    fc.assert(
      fc.property(fc.nat(), fc.jsonValue(), (place, value) => {
        const changed = changedAt(body, place, value)
        const reader = Reader.of(changed as typeof body) // only its inside was changed
        const read = READERS[name]('m', reader)
        if (read.isErr()) expect(read.error).toMatchObject({ blame: 'request', retry: 'never' })
        else expect(read.value.job.prompt.trim()).not.toBe('')
        expect(Array.isArray(reader.ignored)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test.each(Object.keys(READERS) as (keyof typeof READERS)[])('%s: nothing at all breaks it', name => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('contents', 'instances', 'parameters', 'x'), fc.jsonValue()), body => {
        const read = READERS[name]('m', Reader.of(body))
        if (read.isErr()) expect(read.error.blame).toBe('request')
      }),
    )
  })

  test('depth breaks nothing', () => {
    const deep = (name: string) => JSON.parse([`{"${name}":`.repeat(50_000), '}'.repeat(50_000)].join('{}'))
    for (const name of ['inlineData', 'parts', 'image']) {
      const body = Reader.of({ contents: [{ parts: [{ text: 'x' }, deep(name)] }] })
      readContentRequest('img', body)
      expect(body.ignored.length).toBeLessThan(3)
    }
  })

  test('what has no effect is known by its place', () => {
    const body = Reader.of({
      contents: [{ parts: [{ text: 'x', video_metadata: {} }] }],
      generation_config: { topK: 3, seed: null },
      tools: [],
    })
    readContentRequest('img', body)
    expect([...body.ignored].sort()).toEqual(['contents[0].parts[0].video_metadata', 'generationConfig.topK', 'tools'])
  })

  test.each([
    [{ contents: 5 }, 'contents'],
    [{ contents: [{ parts: [{ text: 5 }] }] }, 'contents[0].parts[0].text'],
    [{ contents: [{ parts: [{ inlineData: { data: '%' } }] }] }, 'contents[0].parts[0].inlineData.data'],
    [{ contents: 'x', generationConfig: { candidateCount: 11 } }, 'generationConfig.candidateCount'],
    [{ contents: 'x', generationConfig: { responseModalities: ['TEXT'] } }, 'generationConfig.responseModalities'],
    [{ contents: [{ role: 'model', parts: [{ text: 'x' }] }] }, 'contents'],
    [
      { contents: [{ parts: [{ text: 'x' }, { fileData: { fileUri: 'gs://a/b' } }] }] },
      'contents[0].parts[1].fileData.fileUri',
    ],
  ])('%j is refused for %s', (body, param) => {
    const reader = Reader.of(body)
    const read = readContentRequest('img', reader)
    const fault = reader.fault ?? (read.isErr() ? read.error : undefined)
    expect(fault?.param).toBe(param)
  })
})

/** The document with its place number `place`, counted in depth first and round, changed. */
function changedAt(document: unknown, place: number, value: unknown): unknown {
  const places: (readonly (string | number)[])[] = []
  const walk = (node: unknown, path: readonly (string | number)[]) => {
    if (path.length > 0) places.push(path)
    if (typeof node === 'object' && node !== null)
      for (const [key, item] of Object.entries(node)) walk(item, [...path, Array.isArray(node) ? Number(key) : key])
  }
  walk(document, [])
  const path = places[place % places.length] ?? []
  const copy = structuredClone(document)
  const parent = path.slice(0, -1).reduce<unknown>((node, key) => Reflect.get(node as object, key), copy) // on the way to a place that exists
  Reflect.set(parent as object, path.at(-1) ?? '', value)
  return copy
}

describe('names', () => {
  const hex = fc.stringMatching(/^[0-9a-f]{1,32}$/)

  test('of files, operations and interactions lead back to their job', () => {
    fc.assert(
      fc.property(hex, fc.nat({ max: 9 }), (id, index) => {
        const job = sampleJob({ id: `job_${id}` })
        const file = fileId(job, index)
        expect(file).toMatch(/^[a-z0-9]+$/)
        const place = { jobId: job.id, index }
        for (const uri of [
          `files/${file}`,
          `https://a.example/v1beta/files/${file}:download?alt=media`,
          `http://a/v1/files/${file}`,
        ])
          expect(fileOfUri(uri)).toEqual(place)
        expect(parseFileId(file)).toEqual(place)
        expect(operationJob(operationName(job).split('/').at(-1) ?? '')).toBe(job.id)
        expect(interactionJob(interactionId(job))).toBe(job.id)
      }),
    )
  })

  test('anything else leads nowhere', () => {
    fc.assert(
      fc.property(fc.string(), text => {
        const found = parseFileId(text)
        if (found !== undefined) expect(fileId({ id: found.jobId }, found.index)).toBe(text)
        for (const id of [operationJob(text), interactionJob(text)])
          if (id !== undefined) expect(id).toMatch(/^job_[0-9a-f]+$/)
      }),
    )
    for (const uri of ['gs://bucket/file', 'https://a.example/files.png', 'https://a.example/v1/files/../x'])
      expect(fileOfUri(uri)).toBeUndefined()
  })
})

describe('places', () => {
  const roles = fc.constantFrom(undefined, 'first_frame', 'last_frame', 'reference', 'source_video')

  test('no model gets more untold pictures than it takes, and told ones keep their role', () => {
    fc.assert(
      fc.property(fc.constantFrom(...GEMINI_MODELS), fc.array(roles, { maxLength: 6 }), (model, wanted) => {
        const inputs: SuppliedInput[] = wanted.map(role => ({ ...(role !== undefined && { role }), source: PNG }))
        const placed = placedInputs(inputs, model)
        const told = placed.filter(({ input }) => input.role !== undefined)
        expect(told.map(({ role }) => role)).toEqual(wanted.filter(role => role !== undefined))
        for (const { role, max } of model.accepts.inputs) {
          const given = wanted.filter(one => one === role).length
          const count = placed.filter(one => one.role === role).length
          expect(count).toBeLessThanOrEqual(Math.max(max, given))
        }
      }),
    )
  })
})

describe('errors', () => {
  const codes = Object.keys(FAULTS) as FaultCode[] // keys of the catalogue

  test('every fault has one status, and its number is HTTP’s', async () => {
    for (const code of codes) {
      const response = errorResponse(domainFault(code, 'x'))
      const { error } = errorBody(domainFault(code, 'x'))
      expect([code, response.status]).toEqual([code, error.code])
    }
  })

  test('clients of this API repeat only what a repetition may mend', () => {
    const repeated = codes.filter(code => errorBody(domainFault(code, 'x')).error.code >= 500)
    expect(repeated.filter(code => FAULTS[code].retry === 'never')).toEqual([])
    expect(repeated).toContain('upstream_error')
    expect(statusOf(domainFault('outcome_unknown', 'x'))).toBe('FAILED_PRECONDITION')
    expect(statusOf(domainFault('cancelled', 'x'))).toBe('CANCELLED')
  })

  test('says which field, and when to come back', () => {
    const fault = domainFault('queue_full', 'Too much.', { retryAfterMs: 1500, param: 'contents' })
    expect(errorBody(fault)).toEqual({
      error: {
        code: 429,
        message: 'Too much.',
        status: 'RESOURCE_EXHAUSTED',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'QUEUE_FULL',
            domain: 'flow2api',
            metadata: {},
          },
          {
            '@type': 'type.googleapis.com/google.rpc.BadRequest',
            fieldViolations: [{ field: 'contents', description: 'Too much.' }],
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' },
        ],
      },
    })
    expect(errorResponse(fault).headers.get('retry-after')).toBe('2')
    expect(errorResponse(domainFault('upstream_error', 'x')).headers.get('retry-after')).toBe('5')
    expect(errorResponse(domainFault('outcome_unknown', 'x')).headers.has('retry-after')).toBe(false)
  })
})
