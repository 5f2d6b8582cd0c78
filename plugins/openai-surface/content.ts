/** Bytes of a finished piece over HTTP, whole or one range of them, with OpenAI's errors. */
import { type Download, domainFault, downloadResponse, faultResponse } from 'flow2api/contracts'

/** Players refuse media without range support. */
export const contentResponse = (request: Request, content: Download): Response =>
  downloadResponse(request, content).match(
    response => response,
    fault => {
      const response = faultResponse(fault, { jobId: content.jobId, status: 416 })
      response.headers.set('content-range', `bytes */${content.blob.size}`)
      return response
    },
  )

export const contentGone = (jobId: string): Response =>
  faultResponse(domainFault('not_found', 'The file of this video has expired from the cache. Make the video again.'), {
    jobId,
  })
