/** What the OpenAPI document says of `/v1/videos`. */
import type { DocumentDecoration } from 'elysia'

const TAGS = ['Videos']

export const VIDEO_DOCS = {
  create: {
    tags: TAGS,
    summary: 'Create a video',
    description:
      'Starts a video and answers at once; ask for its status until it is completed. JSON or multipart. `seconds` and `size` are mapped to what the model has. Besides OpenAI\'s fields: `aspect_ratio` ("16:9"), `resolution` ("1080p"), `seed`. `input_reference`: pictures as files or data URLs, in order first frame, last frame, references, as far as the model takes them.',
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt'] },
          example: { model: 'sora-2', prompt: 'a red fox runs through the snow', seconds: '8', size: '1280x720' },
        },
      },
    },
  },
  list: {
    tags: TAGS,
    summary: 'List videos',
    description: 'Newest first. `limit` (1 to 100, default 20), `after` (a video id), `order` (`asc` or `desc`).',
  },
  retrieve: {
    tags: TAGS,
    summary: 'Retrieve a video',
    description: 'Its status and progress. While it is unfinished, `openai-poll-after-ms` says when to ask again.',
  },
  remove: {
    tags: TAGS,
    summary: 'Delete a video',
    description: 'Removes a finished video and its record.',
  },
  content: {
    tags: TAGS,
    summary: 'Download a video',
    description: 'The bytes, with ranges. 400 `video_not_ready` until it is completed.',
  },
} satisfies Record<string, DocumentDecoration>
