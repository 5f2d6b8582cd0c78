/** What the OpenAPI document says of `/v1/chat/completions`. */
import type { DocumentDecoration } from 'elysia'
import { CALLBACK, LONG_ANSWERS, WAITING } from './header-docs.ts'

export const CHAT_DOCS = {
  ...WAITING,
  tags: ['Chat'],
  summary: 'Create media through chat',
  description: `The text of the last user message is the prompt; the model decides whether a picture or a video is made. The answer is markdown. With \`stream: true\` progress comes in \`reasoning_content\`, the result in \`content\`. Pictures as \`image_url\` parts (data URLs) are references, or first frame, last frame and references of a video, in order. Also read: \`size\`, \`aspect_ratio\`, \`resolution\`, \`seconds\`, \`seed\`, \`allow_downgrade\`, \`image_config\`. \`requested\` and \`delivered\` (in a stream beside \`finish_reason\`) say what became of the size and length. Tools, temperature and the like are ignored. ${CALLBACK} ${LONG_ANSWERS}`,
  requestBody: {
    content: {
      'application/json': {
        schema: { type: 'object', required: ['messages'] },
        example: {
          model: 'gpt-image-1',
          messages: [{ role: 'user', content: 'a red fox in the snow' }],
          stream: true,
        },
      },
    },
  },
} satisfies DocumentDecoration
