/** What the OpenAPI document says of `/v1/videos`. */
import type { DocumentDecoration } from 'elysia'
import { ASYNCHRONOUS, CALLBACK } from './header-docs.ts'

const TAGS = ['Videos']

export const VIDEO_DOCS = {
  create: {
    ...ASYNCHRONOUS,
    tags: TAGS,
    summary: 'Create a video',
    description: `Starts a video and answers at once; ask for its status until it is completed. JSON or multipart. \`seconds\` and \`size\` are mapped to what the model has. Besides OpenAI's fields: \`aspect_ratio\` ("16:9"), \`resolution\` ("1080p"), \`seed\`, \`allow_downgrade\` (take a smaller video where the whole cannot be had; else that is the error \`downgraded\`). \`input_reference\`, once, repeated or as a list: pictures as files or data URLs, in order first frame, last frame, references, as far as the model takes them; without \`model\`, and for \`sora-2\`, a model that takes them is chosen. \`requested\` and \`delivered\` say what became of size and length. ${CALLBACK}`,
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt'] },
          example: { model: 'sora-2', prompt: 'a red fox runs through the snow', seconds: '8', size: '1280x720' },
        },
        'multipart/form-data': {
          schema: {
            type: 'object',
            required: ['prompt'],
            properties: {
              prompt: { type: 'string', example: 'the fox starts to run' },
              model: { type: 'string', example: 'sora-2' },
              seconds: { type: 'string', example: '8' },
              size: { type: 'string', example: '1280x720' },
              input_reference: { type: 'array', items: { type: 'string', format: 'binary' } },
            },
          },
        },
      },
    },
  },
  extend: {
    ...ASYNCHRONOUS,
    tags: TAGS,
    summary: 'Extend a video',
    description: `Goes on where a finished video ends, which is named by its id; answers a new video at once. JSON or multipart (\`video[id]\`, or the id as \`video\`). Uploaded videos are refused. Without \`model\`, one that extends videos of the same shape and provider is chosen. \`seconds\` is mapped to what it has. ${CALLBACK}`,
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt', 'video'] },
          example: {
            prompt: 'the fox stops and looks back',
            seconds: '8',
            video: { id: 'video_68d7512d07848190b3e45da0ecbebcde' },
          },
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
    description:
      'The bytes, with ranges. `variant=thumbnail`: a still picture of it. 400 `video_not_ready` until it is completed.',
  },
} satisfies Record<string, DocumentDecoration>
