/** A video that is to be continued: which media that is, and what stands in its way (PROTOCOL.md 2.13). Pure. */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { CatalogueModel } from './catalogue.ts'
import { type FlowOrigin, USUAL_SECONDS } from './origin.ts'
import type { Prepared } from './prepared.ts'

const MOST_EXTENSIONS = 20

/** `model` is the one that continues it; undefined where it is not known, which the paid step reports. */
export function continued(
  model: CatalogueModel | undefined,
  origin: FlowOrigin | undefined,
  param: string,
): Result<Prepared, Fault> {
  const refuse = (message: string) => err(domainFault('invalid_value', message, { param }))
  if (origin === undefined || origin.kind !== 'video')
    return refuse('Flow continues only videos that it has made itself. Name a video that this gateway made with Flow.')
  // Its clips cannot be joined, so that the continuation would be worth nothing.
  if (origin.model.startsWith('omni'))
    return refuse('Flow cannot join clips of the model Omni, so such a video cannot be continued. Use a Veo one.')
  if (model !== undefined && origin.aspect !== '' && origin.aspect !== model.aspect)
    return refuse(`The source video is ${origin.aspect} and "${model.id}" makes ${model.aspect}. They have to agree.`)
  // Flow continues what it generated, not what it has enlarged or joined since.
  const mediaId = origin.base ?? origin.mediaId
  const clips = origin.clips ?? [{ mediaId, seconds: origin.seconds ?? USUAL_SECONDS }]
  if (clips.length > MOST_EXTENSIONS)
    return refuse(`The source video has been continued ${MOST_EXTENSIONS} times, which is the most that Flow allows.`)
  return ok({
    media: [{ role: 'source_video', id: mediaId }],
    clips,
    projectId: origin.projectId === '' ? undefined : origin.projectId,
  })
}
