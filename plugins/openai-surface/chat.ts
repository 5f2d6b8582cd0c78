/** `POST /v1/chat/completions`: pictures and videos for clients that only speak chat. */
import { type Caller, type Job, jobResponse, wholeAnswer } from 'flow2api/contracts'
import { Elysia } from 'flow2api/plugin'
import { type Admitted, admit } from './admission.ts'
import { type ChatForm, completion } from './chat-answer.ts'
import { CHAT_DOCS } from './chat-docs.ts'
import { type ChatRequest, readChatRequest } from './chat-request.ts'
import { streamedChat } from './chat-stream.ts'
import { dataUrlsOf } from './media.ts'
import { authenticated, type Surface } from './surface.ts'

export const chatRoutes = (surface: Surface) =>
  new Elysia().post(
    '/v1/chat/completions',
    ({ request }) => authenticated(surface, request, caller => chat(surface, request, caller)),
    { parse: 'none', detail: CHAT_DOCS },
  )

const chat = (surface: Surface, request: Request, caller: Caller): Promise<Response> =>
  admit(surface, {
    request,
    caller,
    endpoint: 'chat.completions',
    read: fields => readChatRequest(surface, fields, request),
    answer: admitted =>
      admitted.wanted.stream
        ? streamedChat(surface, admitted)
        : wholeAnswer(surface, admitted, { present: job => whole(surface, admitted, job) }),
  })

async function whole(surface: Surface, { wanted }: Admitted<ChatRequest>, job: Job): Promise<Response> {
  const asked = wanted.job.count
  if (!wanted.wantsImages) return jobResponse(completion(job, { asked }), job.id)
  const imageUrls = await dataUrlsOf(surface.jobs, job)
  if (imageUrls.isErr()) return surface.refuse(imageUrls.error, job.id)
  const form: ChatForm = { asked, imageUrls: imageUrls.value }
  return jobResponse(completion(job, form), job.id)
}
