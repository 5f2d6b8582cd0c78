/** What the OpenAPI document says of `/v1/images`. */
import type { DocumentDecoration } from 'elysia'
import { EXAMPLE_PICTURE, formOf, text } from './docs-parts.ts'
import { CALLBACK, IGNORED, LONG_ANSWERS, WAITING } from './header-docs.ts'

const TAGS = ['Images']

const ANSWER =
  '`response_format` is `b64_json` (default) or `url`. With the former, `output_format` (png, jpeg, webp) converts what the provider made otherwise; the answer names the format that it has. `size` may be any WxH, a ratio or `auto`: the nearest that the model has is made, and the real size told. `partial_images` is accepted, and none are sent. Besides OpenAI\'s fields: `aspect_ratio` ("16:9"), `resolution` or `image_size` ("2K"), `seed`, `allow_downgrade` (take a smaller picture where the whole cannot be had; else that is the error `downgraded`). `requested` and `delivered` say what became of the size. Hanging up does not cancel the work: `x-flow2api-job` names it.'

const FROM_PICTURES =
  'Pictures are files, data URLs, base64 or web addresses; at most 16, each of 50 MB and 16,384 pixels a side.'

export const IMAGE_DOCS = {
  generations: {
    ...WAITING,
    tags: TAGS,
    summary: 'Create images',
    description: `Makes \`n\` pictures from a prompt and answers when they are ready. JSON or multipart. With \`stream: true\` one \`image_generation.completed\` event a picture. ${ANSWER} ${CALLBACK} ${IGNORED} ${LONG_ANSWERS}`,
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt'] },
          example: { model: 'gpt-image-1', prompt: 'a red fox in the snow', n: 1, response_format: 'url' },
        },
        'multipart/form-data': formOf(['prompt'], { prompt: text('a red fox in the snow'), n: text('1') }),
      },
    },
  },
  edits: {
    ...WAITING,
    tags: TAGS,
    summary: 'Edit images',
    description: `Makes \`n\` pictures from a prompt and one or several pictures, which the model takes as references, in order. Multipart with \`image\` (repeated, \`image[]\` or \`image[0]\`), or JSON with \`images\`. ${FROM_PICTURES} \`mask\` and \`markup\` are refused. With \`stream: true\` one \`image_edit.completed\` event a picture. ${ANSWER} ${CALLBACK} ${IGNORED} ${LONG_ANSWERS}`,
    requestBody: {
      content: {
        'multipart/form-data': formOf(
          ['prompt', 'image'],
          { prompt: text('the same fox at night'), model: text('gpt-image-1'), size: text('1536x1024') },
          'image',
        ),
        'application/json': {
          schema: { type: 'object', required: ['prompt', 'images'] },
          example: {
            model: 'gpt-image-1',
            prompt: 'the same dot in green',
            images: [{ image_url: EXAMPLE_PICTURE }],
            response_format: 'url',
          },
        },
      },
    },
  },
  variations: {
    ...WAITING,
    tags: TAGS,
    summary: 'Vary an image',
    description: `Makes \`n\` pictures like the one in \`image\`, by an edit with a standing prompt; \`prompt\` replaces that. Multipart or JSON. ${FROM_PICTURES} ${CALLBACK} ${IGNORED} ${LONG_ANSWERS}`,
    requestBody: {
      content: {
        'multipart/form-data': formOf(['image'], { n: text('1'), size: text('1024x1024') }, 'image'),
        'application/json': {
          schema: { type: 'object', required: ['image'] },
          example: { image: EXAMPLE_PICTURE, response_format: 'url' },
        },
      },
    },
  },
} satisfies Record<string, DocumentDecoration>
