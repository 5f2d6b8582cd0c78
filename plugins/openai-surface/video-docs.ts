/** What the OpenAPI document says of `/v1/videos`. */
import type { DocumentDecoration } from 'elysia'
import { EXAMPLE_PICTURE, EXAMPLE_VIDEO, formOf, text, VIDEO_ID } from './docs-parts.ts'
import { ASYNCHRONOUS, CALLBACK, IGNORED } from './header-docs.ts'

const TAGS = ['Videos']

const AGAIN =
  "The source's model and size with the new prompt. Where that model takes a video, the source goes in; where it cannot do without a picture, a still of the source; else the prompt alone decides. `model` names another one."

export const VIDEO_DOCS = {
  create: {
    ...ASYNCHRONOUS,
    tags: TAGS,
    summary: 'Create a video',
    description: `Starts a video and answers at once; ask for its status until it is completed. JSON or multipart. \`seconds\` and \`size\` are mapped to what the model has. Besides OpenAI's fields: \`aspect_ratio\` ("16:9"), \`resolution\` ("1080p"), \`seed\`, \`allow_downgrade\` (take a smaller video where the whole cannot be had; else that is the error \`downgraded\`). \`input_reference\`, once, repeated or as a list: pictures as files, data URLs or web addresses, in order first frame, last frame, references, as far as the model takes them; without \`model\`, and for \`sora-2\`, a model that takes them is chosen. \`sora-2\` without a size and a picture is upright, as OpenAI has it. \`requested\` and \`delivered\` say what became of size and length. ${CALLBACK} ${IGNORED}`,
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt'] },
          examples: {
            text: {
              summary: 'From a prompt',
              value: { model: 'sora-2', prompt: 'a red fox runs through the snow', seconds: '8', size: '1280x720' },
            },
            picture: {
              summary: 'From a picture',
              value: { prompt: 'the dot begins to move', input_reference: { image_url: EXAMPLE_PICTURE } },
            },
          },
        },
        'multipart/form-data': formOf(
          ['prompt'],
          { prompt: text('the fox starts to run'), model: text('sora-2'), seconds: text('8'), size: text('1280x720') },
          'input_reference',
        ),
      },
    },
  },
  extend: {
    ...ASYNCHRONOUS,
    tags: TAGS,
    summary: 'Extend a video',
    description: `Goes on where a finished video ends, which is named by its id; answers a new video at once. JSON or multipart (\`video[id]\`, or the id as \`video\`). Uploaded videos are refused. Without \`model\`, one that extends videos of the same shape and provider is chosen. \`seconds\` is mapped to what it has. ${CALLBACK} ${IGNORED}`,
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt', 'video'] },
          example: { prompt: 'the fox stops and looks back', seconds: '8', video: { id: EXAMPLE_VIDEO } },
        },
        'multipart/form-data': formOf(['prompt', 'video[id]'], {
          prompt: text('the fox stops and looks back'),
          'video[id]': text(EXAMPLE_VIDEO),
        }),
      },
    },
  },
  remix: {
    ...ASYNCHRONOUS,
    parameters: [VIDEO_ID, ...ASYNCHRONOUS.parameters],
    tags: TAGS,
    summary: 'Remix a video',
    description: `Makes a finished video once more; answers a new video at once, whose \`remixed_from_video_id\` names the source. ${AGAIN} ${CALLBACK} ${IGNORED}`,
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt'] },
          example: { prompt: 'the same scene in heavy rain' },
        },
        'multipart/form-data': formOf(['prompt'], { prompt: text('the same scene in heavy rain') }),
      },
    },
  },
  edit: {
    ...ASYNCHRONOUS,
    tags: TAGS,
    summary: 'Edit a video',
    description: `A remix of the video that the body names. ${AGAIN} Uploaded videos are refused. ${CALLBACK} ${IGNORED}`,
    requestBody: {
      content: {
        'application/json': {
          schema: { type: 'object', required: ['prompt', 'video'] },
          example: { prompt: 'the same scene at night', video: { id: EXAMPLE_VIDEO } },
        },
        'multipart/form-data': formOf(['prompt', 'video[id]'], {
          prompt: text('the same scene at night'),
          'video[id]': text(EXAMPLE_VIDEO),
        }),
      },
    },
  },
  list: {
    tags: TAGS,
    summary: 'List videos',
    description: 'Page by page: `after` is the `last_id` of the page before, as long as `has_more`.',
    parameters: [
      { in: 'query', name: 'limit', schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
      { in: 'query', name: 'after', description: 'The id of a video.', schema: { type: 'string' } },
      {
        in: 'query',
        name: 'order',
        description: 'By creation; `desc`: the newest first.',
        schema: { type: 'string', enum: ['asc', 'desc'], default: 'desc' },
      },
    ],
  },
  retrieve: {
    tags: TAGS,
    parameters: [VIDEO_ID],
    summary: 'Retrieve a video',
    description: 'Its status and progress. While it is unfinished, `openai-poll-after-ms` says when to ask again.',
  },
  remove: {
    tags: TAGS,
    parameters: [VIDEO_ID],
    summary: 'Delete a video',
    description: 'Removes a finished video and its record.',
  },
  content: {
    tags: TAGS,
    parameters: [
      VIDEO_ID,
      {
        in: 'query',
        name: 'variant',
        description: 'There is no sprite sheet.',
        schema: { type: 'string', enum: ['video', 'thumbnail'], default: 'video' },
      },
    ],
    summary: 'Download a video',
    description:
      'The bytes, with ranges. `variant=thumbnail`: a still picture of it. 400 `video_not_ready` until it is completed.',
  },
} satisfies Record<string, DocumentDecoration>
