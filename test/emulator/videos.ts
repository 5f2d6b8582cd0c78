/** What all video submissions have in common, and how a video is shown. PROTOCOL.md 2.9, 2.16. */
import { type TProperties, Type } from '@sinclair/typebox'
import { json } from './answers.ts'
import type { OutcomeFault, SessionFault } from './faults.ts'
import type { VideoMedia } from './media.ts'
import { ClientContext, strictObject, Uuid } from './shapes.ts'
import { workflowOf } from './workflows.ts'
import type { World } from './world.ts'

/** The body of a submission with these fields in its one request. */
export const VideoSubmission = <P extends TProperties>(request: P) =>
  strictObject({
    mediaGenerationContext: strictObject({
      batchId: Uuid,
      audioFailurePreference: Type.Union([
        Type.Literal('BLOCK_SILENCED_VIDEOS'),
        Type.Literal('RETURN_SILENCED_VIDEOS'),
        Type.Literal('AUDIO_FAILURE_PREFERENCE_UNSPECIFIED'),
      ]),
    }),
    clientContext: ClientContext,
    requests: Type.Tuple([strictObject(request)]),
    useV2ModelConfig: Type.Literal(true),
  })

/** How a new video will end: as a fault says, or a marker in its prompt. */
export function outcomeOf(prompt: string, fault: SessionFault | OutcomeFault | undefined): OutcomeFault | undefined {
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
  return {
    ...(answers === 'media' ? {} : { operations: videos.map(video => operationItem(world, video)) }),
    ...(answers === 'operations' ? {} : { media: videos.map(mediaItem) }),
  }
}

/** gRPC's INVALID_ARGUMENT, which comes with a policy failure. */
const INVALID_ARGUMENT = 3

function failureOf(video: VideoMedia) {
  const { reason = 'PUBLIC_ERROR_UNSAFE_GENERATION', failureReasons = ['FINISH_REASON_SAFETY'] } = video.outcome ?? {}
  return { error: { code: INVALID_ARGUMENT, message: reason }, failureReasons }
}

function mediaItem(video: VideoMedia) {
  const status = { mediaGenerationStatus: `MEDIA_GENERATION_STATUS_${video.status}` }
  const failed = video.status === 'FAILED'
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
            videoGenerationMode: 'VIDEO_GENERATION_MODE_TEXT_TO_VIDEO',
            videoAspectRatio: video.aspect,
            videoResolution: 'VIDEO_RESOLUTION_720P',
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
        baseImageMediaGenerationId: '',
        isLooped: false,
        aspectRatio: video.aspect,
      },
      dimensions: { length: `${video.seconds}s` },
      operation: { name: video.id },
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
    sceneId: video.workflowId,
    ...(done ? { mediaGenerationId: video.id } : {}),
    ...(isSilent(video) ? {} : { status: `MEDIA_GENERATION_STATUS_${video.status}` }),
  }
}
