/** What `prepare` hands to `start`: the inputs as Flow knows them. JSON, stored with the unit; read leniently. */
import type { InputRole, Json } from 'flow2api/contracts'
import { asArray, asText, at } from './json.ts'
import { type Clip, readClips, writeClips } from './origin.ts'

export interface Prepared {
  /** In the order of the inputs. */
  readonly media: readonly { readonly role: InputRole; readonly id: string }[]
  /** Of a source video: all its clips, in order (PROTOCOL.md 2.14). */
  readonly clips: readonly Clip[]
  /** Where the source video is, which may be an earlier project of the account. */
  readonly projectId: string | undefined
}

export const NOTHING_PREPARED: Prepared = { media: [], clips: [], projectId: undefined }

export const writePrepared = ({ media, clips, projectId }: Prepared): Json => ({
  media: media.map(({ role, id }): Json => ({ role, id })),
  ...(clips.length > 0 && { clips: writeClips(clips) }),
  ...(projectId !== undefined && { projectId }),
})

export const readPrepared = (stored: Json | undefined): Prepared => ({
  media: asArray(at(stored, 'media')).flatMap(item => {
    const role = ROLES.find(known => known === at(item, 'role'))
    const id = asText(at(item, 'id'))
    return role === undefined || id === undefined ? [] : [{ role, id }]
  }),
  clips: readClips(at(stored, 'clips')),
  projectId: asText(at(stored, 'projectId')),
})

const ROLES: readonly InputRole[] = ['reference', 'first_frame', 'last_frame', 'source_video']
