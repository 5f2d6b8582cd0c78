/** What the OpenAPI document says of `/v1/images`. */
import type { DocumentDecoration } from 'elysia'
import { CALLBACK, LONG_ANSWERS, WAITING } from './header-docs.ts'

const TAGS = ['Images']

const ANSWER =
  '`response_format` is `b64_json` (default) or `url`. Besides OpenAI\'s fields: `aspect_ratio` ("16:9"), `resolution` or `image_size` ("2K"), `seed`, `allow_downgrade` (take a smaller picture where the whole cannot be had; else that is the error `downgraded`). `requested` and `delivered` say what became of the size. Hanging up does not cancel the work: `x-flow2api-job` names it.'

export const IMAGE_DOCS = {
  generations: {
    ...WAITING,
    tags: TAGS,
    summary: 'Create images',
    description: `Makes \`n\` pictures from a prompt and answers when they are ready. JSON or multipart. With \`stream: true\` one \`image_generation.completed\` event a picture. ${ANSWER} ${CALLBACK} ${LONG_ANSWERS}`,
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt'] },
          example: { model: 'gpt-image-1', prompt: 'a red fox in the snow', n: 1, response_format: 'url' },
        },
      },
    },
  },
  edits: {
    ...WAITING,
    tags: TAGS,
    summary: 'Edit images',
    description: `Makes \`n\` pictures from a prompt and one or several pictures, which the model takes as references, in order. Multipart with \`image\` (repeated, \`image[]\` or \`image[0]\`), or JSON with \`images\`. Masks are refused. With \`stream: true\` one \`image_edit.completed\` event a picture. ${ANSWER} ${CALLBACK} ${LONG_ANSWERS}`,
    requestBody: {
      content: {
        'multipart/form-data': {
          schema: {
            type: 'object',
            required: ['prompt', 'image'],
            properties: {
              prompt: { type: 'string', example: 'the same fox at night' },
              image: { type: 'array', items: { type: 'string', format: 'binary' } },
              model: { type: 'string', example: 'gpt-image-1' },
              size: { type: 'string', example: '1536x1024' },
            },
          },
        },
        'application/json': {
          schema: { type: 'object', required: ['prompt', 'images'] },
          example: {
            model: 'gpt-image-1',
            prompt: 'the same dot in green',
            images: [
              {
                image_url:
                  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
              },
            ],
            response_format: 'url',
          },
        },
      },
    },
  },
} satisfies Record<string, DocumentDecoration>
