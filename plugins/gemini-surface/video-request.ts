/** `predictLongRunning`: a video as Veo's clients ask for it (api-surfaces B.6). */
import { type InputRole, MOST_PIECES, type SuppliedInput } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Wanted } from './admission.ts'
import { mediaSource } from './media.ts'
import { readParameters } from './parameters.ts'
import { oneInstance } from './predict.ts'
import type { Reader } from './reader.ts'

export function readVideoRequest(model: string, body: Reader): Result<Wanted, Fault> {
  const instance = oneInstance(body)
  if (instance.isErr()) return err(instance.error)
  const { reader, prompt } = instance.value
  const inputs = readVideoInputs(reader)
  const wishes = body.child('parameters')
  const parameters = readParameters({ shape: [wishes], seed: wishes, body })
  const count = wishes.whole('sampleCount', 1, MOST_PIECES) ?? 1
  const job = { kind: 'video', model, prompt, parameters, inputs: [], count } as const
  return body.fault === undefined ? ok({ job, inputs, param: 'instances' }) : err(body.fault)
}

function readVideoInputs(instance: Reader): readonly SuppliedInput[] {
  const single = (name: string, role: InputRole): SuppliedInput[] => {
    const source = instance.has(name)
      ? mediaSource(instance.child(name), role === 'source_video' ? 'video' : 'image')
      : undefined
    return source === undefined ? [] : [{ role, source }]
  }
  const references = instance.children('referenceImages').flatMap((reference): SuppliedInput[] => {
    const source = mediaSource(reference.child('image'))
    // ASSET or STYLE; a reference is a reference here.
    reference.text('referenceType')
    return source === undefined ? [] : [{ role: 'reference', source }]
  })
  return [
    ...single('image', 'first_frame'),
    ...single('lastFrame', 'last_frame'),
    ...references,
    ...single('video', 'source_video'),
  ]
}
