/** Every endpoint of the emulator. */
import type { Endpoint } from '../endpoint.ts'
import { auxiliary } from './auxiliary.ts'
import { cancel } from './cancel.ts'
import { credits } from './credits.ts'
import { downloads } from './download.ts'
import { image } from './image.ts'
import { createProject, deleteProject } from './project.ts'
import { redirect } from './redirect.ts'
import { session } from './session.ts'
import { status } from './status.ts'
import { videoText } from './video-text.ts'

export const ENDPOINTS: readonly Endpoint[] = [
  session,
  createProject,
  deleteProject,
  credits,
  image,
  videoText,
  status,
  cancel,
  redirect,
  ...auxiliary,
  ...downloads,
]
