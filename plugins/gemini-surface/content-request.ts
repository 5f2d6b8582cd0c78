/** `generateContent`: a conversation becomes a job (api-surfaces B.4). */
import { domainFault, MOST_PIECES, type PictureFormat, type SuppliedInput } from 'flow2api/contracts'
import { err, type Fault, type Result } from 'flow2api/plugin'
import type { Wanted } from './admission.ts'
import { mediaSource } from './media.ts'
import { readFormat, readParameters } from './parameters.ts'
import type { Reader } from './reader.ts'
import { askedIn, type Turn } from './turns.ts'

export interface ContentRequest extends Wanted {
  readonly format: PictureFormat | undefined
}

export function readContentRequest(model: string, body: Reader): Result<ContentRequest, Fault> {
  const turns = readContents(body)
  const config = body.child('generationConfig')
  const image = config.child('imageConfig')
  const wished = config.child('responseFormat').child('image')
  const modalities = config.texts('responseModalities').map(word => word.toUpperCase())
  if (modalities.length > 0 && !modalities.includes('IMAGE')) {
    const message =
      'The models here make pictures and no text. Put "IMAGE" into `generationConfig.responseModalities`, or leave it out.'
    return err(domainFault('invalid_value', message, { param: config.path('responseModalities') }))
  }
  const parameters = readParameters({ shape: [image, wished], seed: config, body })
  const format = readFormat(image) ?? readFormat(image.child('imageOutputOptions')) ?? readFormat(wished)
  const count = config.whole('candidateCount', 1, MOST_PIECES) ?? 1
  if (body.fault !== undefined) return err(body.fault)
  return askedIn(turns, 'contents').map(({ prompt, inputs }) => ({
    job: { kind: 'image', model, prompt, parameters, inputs: [], count },
    inputs,
    param: 'contents',
    format,
  }))
}

/** A list of turns, one turn, or nothing but a text; a turn without a role is the user's. */
function readContents(body: Reader): readonly Turn[] {
  const said = body.raw('contents')
  if (typeof said === 'string') return [{ role: 'user', texts: [said], inputs: [] }]
  return body.children('contents').map(content => {
    const parts = content.children('parts').filter(part => !part.flag('thought'))
    return {
      role: content.text('role') === 'model' ? 'model' : 'user',
      texts: parts.flatMap(part => part.text('text') ?? []),
      inputs: parts.flatMap((part): SuppliedInput[] => {
        const source = mediaSource(part)
        return source === undefined ? [] : [{ source }]
      }),
    }
  })
}
