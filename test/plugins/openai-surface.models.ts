/** Models of every kind of appetite. */
import type { InputRole, ListedModel } from 'flow2api/contracts'

const accepts = { inputs: [], aspectRatios: ['1:1', '16:9'], sizes: ['1024x1024'], resolutions: ['1K'], seconds: [] }

const taking = (...inputs: readonly (readonly [InputRole, number, number])[]) => ({
  ...accepts,
  inputs: inputs.map(([role, min, max]) => ({ role, min, max })),
})

export const MODELS: readonly ListedModel[] = [
  { id: 'img-1', kind: 'image', provider: 'lab', accepts },
  { id: 'gpt-image-1', kind: 'image', provider: 'lab', aliasOf: 'img-1', accepts },
  { id: 'studio/img-2', kind: 'image', provider: 'studio', tier: 'pro', accepts },
  { id: 'vid-1', kind: 'video', provider: 'lab', accepts: { ...accepts, seconds: [8] } },
  {
    id: 'vid-frames',
    kind: 'video',
    provider: 'lab',
    accepts: {
      ...accepts,
      seconds: [8],
      inputs: [
        { role: 'last_frame', min: 0, max: 1 },
        { role: 'first_frame', min: 0, max: 1 },
      ],
    },
  },
  // Nearer to `vid-1` by name than the others that take pictures, but dearer.
  { id: 'vid-1-pro', kind: 'video', provider: 'lab', tier: 'pro', accepts: taking(['first_frame', 0, 1]) },
  { id: 'vid-pair', kind: 'video', provider: 'lab', accepts: taking(['first_frame', 1, 1], ['last_frame', 1, 1]) },
  {
    id: 'vid-guided',
    kind: 'video',
    provider: 'lab',
    accepts: taking(['reference', 0, 3], ['first_frame', 0, 1], ['last_frame', 0, 1]),
  },
  { id: 'img-refs', kind: 'image', provider: 'lab', accepts: taking(['reference', 0, 4]) },
  { id: 'other-more', kind: 'video', provider: 'studio', accepts: taking(['source_video', 1, 1]) },
  {
    id: 'vid-more-wide',
    kind: 'video',
    provider: 'lab',
    accepts: { ...taking(['source_video', 1, 1]), aspectRatios: ['16:9'] },
  },
  {
    id: 'vid-more-tall',
    kind: 'video',
    provider: 'lab',
    accepts: { ...taking(['source_video', 1, 1]), aspectRatios: ['9:16'] },
  },
  { id: 'sora-2', kind: 'video', provider: 'lab', aliasOf: 'vid-1', accepts: { ...accepts, seconds: [8] } },
  { id: 'vid-one', kind: 'video', provider: 'lab', aliasOf: 'vid-1', accepts: { ...accepts, seconds: [8] } },
]
