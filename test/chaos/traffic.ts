/** Clients that send requests of every kind without a pause, and write down each that was not answered as it should be. */
import { API_KEY } from '../fixtures/accounts.ts'

export interface Traffic {
  /** How many were answered, by kind. */
  readonly answered: Readonly<Record<string, number>>
  /** The longest that one took, in milliseconds, by kind. */
  readonly slowestMs: Readonly<Record<string, number>>
  /** What went wrong, one sentence each. */
  readonly failures: readonly string[]
  /** Lets everybody finish what is under way. */
  stop(): Promise<void>
}

/** The id of the file plugin's model. */
export const LAB_MODEL = 'lab-1'

const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }

export function startTraffic(url: string, workers: number, withLab: () => boolean): Traffic {
  const answered: Record<string, number> = {}
  const slowestMs: Record<string, number> = {}
  const failures: string[] = []
  let over = false
  const ask = async (path: string, body?: unknown) => {
    const answer = await fetch(path.startsWith('http') ? path : `${url}${path}`, {
      headers,
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
    })
    if (answer.ok) return answer
    throw new Error(`${path} answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`)
  }
  const image = async (model: string, index: string) => {
    const body = { model, prompt: `Traffic ${index}`, response_format: 'url', allow_downgrade: true }
    const answer = await ask('/v1/images/generations', body)
    const file = ((await answer.json()) as { data: { url: string }[] }).data[0]?.url ?? '' // an image answer
    if ((await (await ask(file)).arrayBuffer()).byteLength === 0) throw new Error(`${file} is empty`)
  }
  const kinds: Readonly<Record<string, (index: string) => Promise<void>>> = {
    models: async () => void (await (await ask('/v1/models')).json()),
    image: index => image('gemini-3.0-pro-image', index),
    'image of the file plugin': index => image(withLab() ? LAB_MODEL : 'gemini-3.0-pro-image', index),
    video: async index => {
      const made = await ask('/v1/videos', { model: 'veo_3_1_t2v_fast', prompt: `Traffic ${index}` })
      const { id } = (await made.json()) as { id: string } // a video object
      for (;;) {
        const video = (await (await ask(`/v1/videos/${id}`)).json()) as { status: string; error?: { message: string } } // a video object
        if (video.status === 'failed') throw new Error(`${id} failed: ${video.error?.message}`)
        if (video.status === 'completed') break
        await Bun.sleep(50)
      }
      await (await ask(`/v1/videos/${id}/content`)).arrayBuffer()
    },
    'chat stream': async index => {
      const messages = [{ role: 'user', content: `Traffic ${index}` }]
      const text = await (
        await ask('/v1/chat/completions', {
          model: 'gemini-3.0-pro-image',
          messages,
          stream: true,
          allow_downgrade: true,
        })
      ).text()
      if (!text.includes('[DONE]') || text.includes('"error"')) throw new Error(`a stream ended as ${text.slice(-300)}`)
    },
  }
  const names = Object.keys(kinds)
  const worker = async (n: number) => {
    for (let i = 0; !over; i++) {
      const name = names[(n + i) % names.length] ?? ''
      const began = performance.now()
      try {
        await kinds[name]?.(`${n}-${i}`)
        answered[name] = (answered[name] ?? 0) + 1
        slowestMs[name] = Math.max(slowestMs[name] ?? 0, Math.round(performance.now() - began))
      } catch (cause) {
        failures.push(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`)
      }
    }
  }
  const done = Promise.all(Array.from({ length: workers }, (_, n) => worker(n)))
  return {
    answered,
    slowestMs,
    failures,
    async stop() {
      over = true
      await done
    },
  }
}
