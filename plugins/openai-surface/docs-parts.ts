/** What several descriptions of the OpenAPI document share. */
import type { DocumentDecoration } from 'elysia'

/** 32x32 pixels, a red dot: an example that can be pasted. */
export const EXAMPLE_PICTURE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAUElEQVR42mP4QGMwasGoBXSy4I6GBi5EBQvwmE6MHfgsIGg0MdYMnAUkmY7HDuwWkGE6LjtGLRi1YNSCAcvJw6Kwo0d9QKcabbRVMWoBIQAAUxxMJGnoP/8AAAAASUVORK5CYII='

/** Of a video; to be replaced by one that was made here. */
export const EXAMPLE_VIDEO = 'video_68d7512d07848190b3e45da0ecbebcde'

type Parameter = NonNullable<DocumentDecoration['parameters']>[number]

export const VIDEO_ID: Parameter = {
  in: 'path',
  name: 'id',
  required: true,
  description: 'Of a video that was made here.',
  schema: { type: 'string', example: EXAMPLE_VIDEO },
}

type Properties = Readonly<Record<string, { readonly type: 'string'; readonly example: string }>>

/** A form: texts, and files under one name. `files` undefined: none. */
export const formOf = (required: readonly string[], texts: Properties, files?: string) => ({
  schema: {
    type: 'object' as const,
    required: [...required],
    properties: {
      ...texts,
      ...(files !== undefined && {
        [files]: { type: 'array' as const, items: { type: 'string' as const, format: 'binary' } },
      }),
    },
  },
})

export const text = (example: string) => ({ type: 'string' as const, example })
