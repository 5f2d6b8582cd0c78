/** PROTOCOL.md 2.7, 2.9: the `workflows[]` entry that comes with a new medium. */
import type { Media } from './media.ts'

export function workflowOf(media: Media) {
  const time = new Date(media.createdAt).toISOString()
  return {
    name: media.workflowId,
    projectId: media.projectId,
    metadata: {
      displayName: media.prompt.slice(0, 60),
      createTime: time,
      primaryMediaId: media.id,
      batchId: media.batchId,
      updateTime: time,
    },
  }
}
