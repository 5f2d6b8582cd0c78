/** Bodies of the calls about pictures: uploading, making, enlarging. Pure. */
import { type Caller, clientContext, structuredPrompt } from './requests.ts'

/** PROTOCOL.md 2.5. Nobody looks at a verification here. */
export const uploadRequest = (
  { projectId, sessionId }: Pick<Caller, 'projectId' | 'sessionId'>,
  picture: { readonly fileName: string; readonly mime: string; readonly base64: string },
) => ({
  clientContext: { sessionId, tool: 'PINHOLE', projectId },
  fileName: picture.fileName,
  imageBytes: picture.base64,
  isHidden: false,
  isUserUploaded: true,
  mimeType: picture.mime,
})

/** PROTOCOL.md 2.7. Image calls name no tier. The verification stands in both contexts. */
export function imageRequest(
  caller: Omit<Caller, 'tier'>,
  unit: {
    readonly batchId: string
    readonly model: string
    readonly aspect: string
    readonly prompt: string
    readonly seed: number
    /** Media ids, in order. */
    readonly references: readonly string[]
  },
) {
  const context = clientContext(caller)
  return {
    clientContext: context,
    mediaGenerationContext: { batchId: unit.batchId },
    useNewMedia: true,
    requests: [
      {
        clientContext: context,
        seed: unit.seed,
        imageModelName: unit.model,
        imageAspectRatio: unit.aspect,
        structuredPrompt: structuredPrompt(unit.prompt),
        imageInputs: unit.references.map(name => ({ name, imageInputType: 'IMAGE_INPUT_TYPE_REFERENCE' })),
      },
    ],
  }
}

/** PROTOCOL.md 2.8. */
export const imageUpsampleRequest = (
  caller: Caller & { readonly tier: string },
  picture: { readonly mediaId: string; readonly target: string },
) => ({ mediaId: picture.mediaId, targetResolution: picture.target, clientContext: clientContext(caller) })
