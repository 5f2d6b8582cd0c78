/** Bodies that can be pasted; a test sends each of them. */

/** 32x32 pixels, a red dot. */
const PICTURE =
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAUElEQVR42mP4QGMwasGoBXSy4I6GBi5EBQvwmE6MHfgsIGg0MdYMnAUkmY7HDuwWkGE6LjtGLRi1YNSCAcvJw6Kwo0d9QKcabbRVMWoBIQAAUxxMJGnoP/8AAAAASUVORK5CYII='

export const EXAMPLES = {
  generateContent: {
    contents: [{ role: 'user', parts: [{ text: 'a red fox in the snow' }] }],
    generationConfig: { responseModalities: ['IMAGE'], imageConfig: { aspectRatio: '16:9' } },
  },
  edit: {
    contents: [
      {
        role: 'user',
        parts: [{ text: 'the same dot in green' }, { inlineData: { mimeType: 'image/png', data: PICTURE } }],
      },
    ],
  },
  predict: {
    instances: [{ prompt: 'a red fox in the snow' }],
    parameters: { sampleCount: 1, aspectRatio: '16:9' },
  },
  predictLongRunning: {
    instances: [{ prompt: 'a paper boat on a river' }],
    parameters: { aspectRatio: '16:9', durationSeconds: 8 },
  },
  interactionImage: {
    model: 'gemini-3.0-pro-image',
    input: 'a red fox in the snow',
    response_format: { type: 'image', aspect_ratio: '16:9' },
  },
  interactionVideo: {
    model: 'gemini-omni-1.1-flash',
    input: 'a paper boat on a river',
    response_format: { type: 'video', aspect_ratio: '16:9' },
    background: true,
  },
} as const
