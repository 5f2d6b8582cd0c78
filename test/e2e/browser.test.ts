/** What the end user's browser does with the results: shows the picture and plays the video, without any header. */
import { describe, expect, test } from 'bun:test'
import { launchBrowser, noBrowser } from '../fixtures/browser.ts'
import { startWorld, type World } from '../fixtures/world.ts'

async function results(world: World) {
  // The answers have the shapes of the OpenAI API.
  const image = (await (
    await world.call('/v1/images/generations', {
      method: 'POST',
      body: JSON.stringify({ prompt: 'A harbour', response_format: 'url' }),
    })
  ).json()) as { data: { url: string }[] }
  let video = (await (
    await world.call('/v1/videos', { method: 'POST', body: JSON.stringify({ prompt: 'A harbour at night' }) })
  ).json()) as { id: string; status: string }
  while (video.status === 'queued' || video.status === 'in_progress') {
    await Bun.sleep(20)
    video = (await (await world.call(`/v1/videos/${video.id}`)).json()) as typeof video
  }
  const job = (await (await world.call(`/v1/jobs/${video.id.replace('video_', 'job_')}`)).json()) as {
    media: { url: string }[]
  }
  return { image: image.data[0]?.url ?? '', video: job.media[0]?.url ?? '' }
}

describe(`a browser${noBrowser ? ` (${noBrowser})` : ''}`, () => {
  test.skipIf(noBrowser !== null)('shows the picture and plays the video', async () => {
    await using world = await startWorld()
    const { image, video } = await results(world)
    const browser = await launchBrowser()
    try {
      const page = await browser.newPage()
      // The page comes from another origin than the media, as a chat program's would.
      await page.setContent(`<img src="${image}"><video src="${video}" muted></video>`)
      await page.waitForFunction('document.images[0].complete')
      expect(await page.evaluate('document.images[0].naturalWidth')).toBe(1376)
      await page.evaluate('document.querySelector("video").play()')
      await page.waitForFunction('document.querySelector("video").currentTime > 0.3')
      const facts = await page.evaluate(
        '(v => [v.videoWidth, v.videoHeight, Math.round(v.duration), v.error])(document.querySelector("video"))',
      )
      expect(facts).toEqual([1280, 720, 8, null])
      // Seeking needs ranges.
      await page.evaluate('document.querySelector("video").currentTime = 6')
      await page.waitForFunction('document.querySelector("video").currentTime > 6.2')
    } finally {
      await browser.close()
    }
  })
})
