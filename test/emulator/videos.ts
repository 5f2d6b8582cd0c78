/** How a video is shown in answers. PROTOCOL.md 2.9, 2.15, 2.16. */
import { json } from './answers.ts'
import type { ActedFault, OutcomeFault } from './faults.ts'
import type { VideoMedia } from './media.ts'
import { workflowOf } from './workflows.ts'
import type { World } from './world.ts'

/** How a new video will end: as a fault says, or a marker in its prompt. */
export function outcomeOf(prompt: string, fault: ActedFault | undefined): OutcomeFault | undefined {
  if (fault && 'outcome' in fault) return fault
  if (prompt.includes('[fail]')) return { outcome: 'failed' }
  if (prompt.includes('[stuck]')) return { outcome: 'stuck' }
  return undefined
}

/** The answer to an accepted submission. */
export function submitAnswer(world: World, video: VideoMedia): Response {
  return json({
    remainingCredits: video.account.credits,
    ...videoLists(world, [video]),
    ...(world.settings.videoAnswers === 'operations' ? {} : { workflows: [workflowOf(video)] }),
  })
}

/** `media`, `operations` or both, as the emulator is set. */
export function videoLists(world: World, videos: readonly VideoMedia[], answers = world.settings.videoAnswers) {
  // PROTOCOL.md 2.15: those of upsampling come in both lists.
  const older = answers === 'operations' || answers === 'both'
  const operations = older ? videos : videos.filter(video => video.mode === 'UPSAMPLE')
  return {
    ...(operations.length > 0 ? { operations: operations.map(video => operationItem(world, video)) } : {}),
    ...(answers === 'operations' ? {} : { media: videos.map(video => mediaItem(world, video)) }),
  }
}

/** gRPC's INVALID_ARGUMENT, which comes with a policy failure. */
const INVALID_ARGUMENT = 3

function failureOf(video: VideoMedia) {
  const { reason = 'PUBLIC_ERROR_UNSAFE_GENERATION', failureReasons = ['FINISH_REASON_SAFETY'] } = video.outcome ?? {}
  return { error: { code: INVALID_ARGUMENT, message: reason }, failureReasons }
}

/** PROTOCOL.md 1.7. Which one upsampling has is not known. */
function generationMode({ mode }: VideoMedia): string {
  return `VIDEO_GENERATION_MODE_${mode === 'UPSAMPLE' || mode === 'CONCATENATION' ? 'UNSPECIFIED' : mode}`
}

const RESOLUTIONS = { '720p': '720P', '1080p': '1080P', '4k': '4K' } as const

function mediaItem(world: World, video: VideoMedia) {
  const status = { mediaGenerationStatus: `MEDIA_GENERATION_STATUS_${video.status}` }
  const failed = video.status === 'FAILED'
  const upsampled = video.mode === 'UPSAMPLE'
  const inline = world.settings.videoAnswers === 'inline' && video.status === 'SUCCESSFUL'
  return {
    name: video.id,
    projectId: video.projectId,
    workflowId: video.workflowId,
    workflowStepId: 'CAE',
    mediaMetadata: {
      createTime: new Date(video.createdAt).toISOString(),
      mediaTitle: video.prompt,
      requestData: {
        videoGenerationRequestData: {
          videoModelControlInput: {
            videoModelName: video.model,
            videoGenerationMode: generationMode(video),
            videoAspectRatio: video.aspect,
            videoResolution: `VIDEO_RESOLUTION_${RESOLUTIONS[video.resolution]}`,
          },
        },
        promptInputs: [{ structuredPrompt: { parts: [{ text: video.prompt }] } }],
        clientPlatform: 'CLIENT_PLATFORM_WEB',
      },
      ...(isSilent(video) ? {} : { mediaStatus: failed ? { ...status, ...failureOf(video) } : status }),
      visibility: failed ? 'FILTERED' : 'PRIVATE',
    },
    video: {
      generatedVideo: {
        seed: video.seed,
        prompt: video.prompt,
        model: video.model,
        baseImageMediaGenerationId: video.mode === 'IMAGE_TO_VIDEO' ? (video.inputs[0] ?? '') : '',
        isLooped: false,
        aspectRatio: video.aspect,
        ...(upsampled
          ? {
              upsampleMetadata: {
                videoUpsampleResolution: `VIDEO_UPSAMPLE_RESOLUTION_${RESOLUTIONS[video.resolution]}`,
              },
            }
          : {}),
      },
      dimensions: { length: upsampled ? '0s' : `${video.seconds}s` },
      operation: { name: video.id },
      ...(inline ? { fifeUrl: world.urls.sign('video', video.id) } : {}),
    },
  }
}

function isSilent(video: VideoMedia): boolean {
  return video.outcome?.outcome === 'silent' && video.polls > 0
}

/** The older form: it carries the addresses itself. */
function operationItem(world: World, video: VideoMedia) {
  const metadata = {
    '@type': 'type.googleapis.com/google.internal.labs.aisandbox.v1.Media',
    name: video.id,
    video: {
      seed: video.seed,
      mediaGenerationId: video.id,
      prompt: video.prompt,
      fifeUrl: world.urls.sign('video', video.id),
      servingBaseUri: world.urls.sign('image', video.id),
      mediaVisibility: 'PRIVATE',
      model: video.model,
      isLooped: false,
      aspectRatio: video.aspect,
    },
  }
  const done = video.status === 'SUCCESSFUL' && !isSilent(video)
  return {
    operation: {
      name: video.id,
      ...(done ? { metadata } : {}),
      ...(video.status === 'FAILED' ? { error: failureOf(video).error } : {}),
    },
    sceneId: video.sceneId ?? video.workflowId,
    ...(done ? { mediaGenerationId: video.id } : {}),
    ...(isSilent(video) ? {} : { status: `MEDIA_GENERATION_STATUS_${video.status}` }),
  }
}
