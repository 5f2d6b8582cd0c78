/** A minimal client of the wire protocol, for the emulator's own tests and the benchmarks. */
import { instantImage } from './files.ts'
import type { Emulator } from './index.ts'

export const LANDSCAPE = 'VIDEO_ASPECT_RATIO_LANDSCAPE'
export const PORTRAIT = 'VIDEO_ASPECT_RATIO_PORTRAIT'

/** A body as the web page sends it; tests change it before they send it. */
export interface ImageBody {
  clientContext: Record<string, unknown>
  mediaGenerationContext: Record<string, unknown>
  useNewMedia: boolean
  requests: Record<string, unknown>[]
}

export interface VideoBody {
  clientContext: Record<string, unknown>
  mediaGenerationContext: Record<string, unknown>
  useV2ModelConfig: boolean
  requests: Record<string, unknown>[]
}

export class FlowClient {
  access = ''
  projectId = ''

  constructor(
    private readonly emulator: Pick<Emulator, 'labsBaseUrl' | 'apiBaseUrl'>,
    readonly st: string,
  ) {}

  /** With access and a project. */
  static async open(emulator: Emulator, st = 'emulator-session-pro'): Promise<FlowClient> {
    const client = new FlowClient(emulator, st)
    const session = await jsonOf(await client.session())
    client.access = String(session['access_token'])
    const created = await client.labs('trpc/project.createProject', {
      json: { projectTitle: 'Test', toolName: 'PINHOLE' },
    })
    client.projectId = String(at(await created.json(), 'result', 'data', 'json', 'result', 'projectId'))
    return client
  }

  session(): Promise<Response> {
    return this.labs('auth/session')
  }

  /** GET without a body, else POST. */
  labs(path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.emulator.labsBaseUrl}/${path}`, {
      redirect: 'manual',
      headers: { cookie: `other=1; __Secure-next-auth.session-token=${this.st}` },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
  }

  /** GET without a body, else POST, with the content type that the web page uses. */
  api(path: string, body?: unknown): Promise<Response> {
    return fetch(`${this.emulator.apiBaseUrl}${path.startsWith(':') ? '' : '/'}${path}`, {
      headers: { authorization: `Bearer ${this.access}`, 'content-type': 'text/plain;charset=UTF-8' },
      ...(body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  }

  async credits(): Promise<number> {
    return Number((await jsonOf(await this.api('credits')))['credits'])
  }

  imageBody(prompt: string, aspect = 'IMAGE_ASPECT_RATIO_LANDSCAPE'): ImageBody {
    return {
      clientContext: this.context(),
      mediaGenerationContext: { batchId: crypto.randomUUID() },
      useNewMedia: true,
      requests: [
        {
          clientContext: this.context(),
          seed: 4711,
          imageModelName: 'NARWHAL',
          imageAspectRatio: aspect,
          structuredPrompt: { parts: [{ text: prompt }] },
          imageInputs: [],
        },
      ],
    }
  }

  image(body: string | ImageBody): Promise<Response> {
    const sent = typeof body === 'string' ? this.imageBody(body) : body
    return this.api(`projects/${this.projectId}/flowMedia:batchGenerateImages`, sent)
  }

  videoBody(prompt: string, videoModelKey = 'veo_3_1_t2v_fast', aspectRatio = LANDSCAPE): VideoBody {
    return {
      mediaGenerationContext: { batchId: crypto.randomUUID(), audioFailurePreference: 'BLOCK_SILENCED_VIDEOS' },
      clientContext: { ...this.context(), userPaygateTier: 'PAYGATE_TIER_ONE' },
      requests: [
        {
          aspectRatio,
          seed: 815,
          textInput: { structuredPrompt: { parts: [{ text: prompt }] } },
          videoModelKey,
          metadata: {},
        },
      ],
      useV2ModelConfig: true,
    }
  }

  video(body: string | VideoBody): Promise<Response> {
    return this.api('video:batchAsyncGenerateVideoText', typeof body === 'string' ? this.videoBody(body) : body)
  }

  uploadBody(bytes: Uint8Array, mimeType = 'image/jpeg'): Record<string, unknown> {
    return {
      clientContext: { sessionId: `;${Date.now()}`, tool: 'PINHOLE', projectId: this.projectId },
      fileName: 'upload.jpg',
      imageBytes: Buffer.from(bytes).toString('base64'),
      isHidden: false,
      isUserUploaded: true,
      mimeType,
    }
  }

  upload(bytes: Uint8Array, mimeType?: string): Promise<Response> {
    return this.api('flow/uploadImage', this.uploadBody(bytes, mimeType))
  }

  /** Uploads a small picture; its media id. */
  async uploadId(): Promise<string> {
    return String(at(await (await this.upload(await instantImage())).json(), 'media', 'name'))
  }

  /** Makes a picture; its media id. */
  async imageId(prompt = 'a boat'): Promise<string> {
    return String(at(await (await this.image(prompt)).json(), 'media', 0, 'name'))
  }

  /** The one request of a body, with fields added; undefined removes one. */
  videoBodyWith(fields: Record<string, unknown>, body = this.videoBody('a boat')): VideoBody {
    const request = Object.entries({ ...body.requests[0], ...fields }).filter(([, value]) => value !== undefined)
    return { ...body, requests: [Object.fromEntries(request)] }
  }

  /** To `video:batchAsyncGenerateVideo` and this ending. */
  submit(ending: string, body: VideoBody): Promise<Response> {
    return this.api(`video:batchAsyncGenerateVideo${ending}`, body)
  }

  /** Submits a video that is done at the first poll of an emulator with `videoPolls: 1`, and polls once. */
  async finishedVideo(body: string | VideoBody = 'a boat'): Promise<string> {
    const id = await this.videoId(body)
    await this.poll(id)
    return id
  }

  extendBody(source: string, fields: Record<string, unknown> = {}): VideoBody {
    const extension = {
      videoModelKey: 'veo_3_1_extend_landscape',
      videoInput: { mediaId: source },
      metadata: { workflowId: crypto.randomUUID() },
    }
    return this.videoBodyWith({ ...extension, ...fields })
  }

  extend(source: string, fields?: Record<string, unknown>): Promise<Response> {
    return this.submit('ExtendVideo', this.extendBody(source, fields))
  }

  upsampleVideoBody(source: string, size: '1080p' | '4k' = '1080p', fields: Record<string, unknown> = {}): VideoBody {
    const upsampling = {
      videoModelKey: `veo_3_1_upsampler_${size}`,
      resolution: `VIDEO_RESOLUTION_${size.toUpperCase()}`,
      videoInput: { mediaId: source },
      metadata: { sceneId: crypto.randomUUID() },
      textInput: undefined,
    }
    return this.videoBodyWith({ ...upsampling, ...fields })
  }

  upsampleVideo(source: string, size?: '1080p' | '4k', fields?: Record<string, unknown>): Promise<Response> {
    return this.submit('UpsampleVideo', this.upsampleVideoBody(source, size, fields))
  }

  upsampleImageBody(mediaId: string, size: '2K' | '4K' = '2K'): Record<string, unknown> {
    return {
      mediaId,
      targetResolution: `UPSAMPLE_IMAGE_RESOLUTION_${size}`,
      clientContext: { ...this.context(), userPaygateTier: 'PAYGATE_TIER_ONE' },
    }
  }

  upsampleImage(mediaId: string, size?: '2K' | '4K', fields: Record<string, unknown> = {}): Promise<Response> {
    return this.api('flow/upsampleImage', { ...this.upsampleImageBody(mediaId, size), ...fields })
  }

  /** Submits and answers the media id. */
  async videoId(body: string | VideoBody): Promise<string> {
    return String(at(await (await this.video(body)).json(), 'media', 0, 'name'))
  }

  poll(...ids: readonly string[]): Promise<Response> {
    return this.api('video:batchCheckAsyncVideoGenerationStatus', {
      media: ids.map(name => ({ name, projectId: this.projectId })),
    })
  }

  /** One status round; the status without its prefix. */
  async statusOf(id: string): Promise<string> {
    const answer = await (await this.poll(id)).json()
    const status = at(answer, 'media', 0, 'mediaMetadata', 'mediaStatus', 'mediaGenerationStatus')
    return String(status).replace('MEDIA_GENERATION_STATUS_', '')
  }

  redirect(id: string, type = 'MEDIA_URL_TYPE_FULL_MEDIA'): Promise<Response> {
    return this.labs(`trpc/media.getMediaUrlRedirect?name=${id}&mediaUrlType=${type}`)
  }

  /** The file behind a media id. */
  async download(id: string, type?: string): Promise<Uint8Array<ArrayBuffer>> {
    const location = (await this.redirect(id, type)).headers.get('location')
    if (location === null) throw new Error(`There is no redirect for ${id}.`)
    return (await fetch(location)).bytes()
  }

  private context(): Record<string, unknown> {
    return {
      recaptchaContext: { token: crypto.randomUUID(), applicationType: 'RECAPTCHA_APPLICATION_TYPE_WEB' },
      sessionId: `;${Date.now()}`,
      projectId: this.projectId,
      tool: 'PINHOLE',
    }
  }
}

/** What stands at a path in parsed JSON; undefined where the path ends early. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found: unknown = value
  for (const key of path) {
    if (typeof found !== 'object' || found === null) return undefined
    found = Reflect.get(found, key)
  }
  return found
}

/** The body as an object. */
export async function jsonOf(response: Response): Promise<Record<string, unknown>> {
  const body: unknown = await response.json()
  if (typeof body !== 'object' || body === null) throw new Error(`Expected a JSON object, got ${JSON.stringify(body)}.`)
  return { ...body }
}

/** `error.details[0].reason` of an error of the API base. */
export async function reasonOf(response: Response): Promise<unknown> {
  return at(await response.json(), 'error', 'details', 0, 'reason')
}
