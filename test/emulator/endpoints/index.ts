/** Every endpoint of the emulator. */
import type { Endpoint } from '../endpoint.ts'
import { auxiliary } from './auxiliary.ts'
import { cancel } from './cancel.ts'
import { concatenate, concatenationStatus } from './concatenation.ts'
import { credits } from './credits.ts'
import { deleteAssets, deleteMedia } from './delete.ts'
import { downloads } from './download.ts'
import { image } from './image.ts'
import { media } from './media.ts'
import { createProject, deleteProject } from './project.ts'
import { redirect } from './redirect.ts'
import { session } from './session.ts'
import { status } from './status.ts'
import { upload, uploadOlder } from './upload.ts'
import { upsampleImage } from './upsample-image.ts'
import { upsampleVideo } from './upsample-video.ts'
import { videoReferences, videoStart, videoStartEnd, videoText } from './video.ts'
import { videoExtend } from './video-extend.ts'

export const ENDPOINTS: readonly Endpoint[] = [
  session,
  createProject,
  deleteProject,
  credits,
  upload,
  uploadOlder,
  image,
  upsampleImage,
  videoText,
  videoStart,
  videoStartEnd,
  videoReferences,
  videoExtend,
  upsampleVideo,
  concatenate,
  concatenationStatus,
  status,
  redirect,
  media,
  deleteMedia,
  deleteAssets,
  cancel,
  ...auxiliary,
  ...downloads,
]
