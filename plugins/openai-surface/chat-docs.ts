/** What the OpenAPI document says of `/v1/chat/completions`. */
import type { DocumentDecoration } from 'elysia'
import { EXAMPLE_PICTURE } from './docs-parts.ts'
import { CALLBACK, IGNORED, LONG_ANSWERS, WAITING } from './header-docs.ts'

export const CHAT_DOCS = {
  ...WAITING,
  tags: ['Chat'],
  summary: 'Create media through chat',
  description: `The text of the last user message is the prompt; the model decides whether a picture or a video is made. The answer is markdown; \`message.images\` has the addresses of pictures, too. With \`modalities: ["image", "text"]\` the pictures themselves stand there, and in a stream in \`delta.images\`. With \`stream: true\` progress comes in \`reasoning_content\`, the result in \`content\`. Pictures as \`image_url\` parts (data URLs or web addresses) are references, or first frame, last frame and references of a video, in order; behind them comes the picture of the last answer, if the model takes it. Also read: \`n\`, \`size\`, \`aspect_ratio\`, \`resolution\`, \`seconds\`, \`seed\`, \`allow_downgrade\`, \`image_config\`. \`requested\` and \`delivered\` (in a stream beside \`finish_reason\`) say what became of the size and length. ${CALLBACK} ${IGNORED} ${LONG_ANSWERS}`,
  requestBody: {
    content: {
      'application/json': {
        schema: { type: 'object', required: ['messages'] },
        examples: {
          text: {
            summary: 'A picture, streamed',
            value: {
              model: 'gpt-image-1',
              messages: [{ role: 'user', content: 'a red fox in the snow' }],
              stream: true,
            },
          },
          picture: {
            summary: 'From another picture',
            value: {
              model: 'gpt-image-1',
              messages: [
                {
                  role: 'user',
                  content: [
                    { type: 'text', text: 'the same dot in green' },
                    { type: 'image_url', image_url: { url: EXAMPLE_PICTURE } },
                  ],
                },
              ],
            },
          },
        },
      },
    },
  },
} satisfies DocumentDecoration
