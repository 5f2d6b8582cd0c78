/** The finished pictures and videos of a job. */
import { Anchor, SimpleGrid, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { mediaUrl } from '../api/jobs.ts'
import type { JobLine } from '../api/types.ts'
import { bytes } from '../format.ts'
import { fill, texts } from '../texts.ts'

type Piece = JobLine['media'][number]

export function JobMedia({ job }: { readonly job: JobLine }) {
  if (job.media.length === 0) return null
  return (
    <SimpleGrid cols={{ base: 1, sm: job.media.length > 1 ? 2 : 1 }}>
      {job.media.map((piece, index) => (
        <Media key={piece.url} id={job.id} index={index} piece={piece} prompt={job.prompt} />
      ))}
    </SimpleGrid>
  )
}

interface MediaProps {
  readonly id: string
  readonly index: number
  readonly piece: Piece
  readonly prompt: string
}

function Media({ id, index, piece: { mime, url, bytes: size, width, height }, prompt }: MediaProps) {
  const [gone, setGone] = useState(false)
  const source = mediaUrl(id, index)
  const facts = [width && height ? `${width}×${height}` : '', mime, size > 0 ? bytes(size) : '']
  return (
    <Stack gap={4}>
      {gone && (
        <Text size="sm" c="dimmed">
          {texts.jobs.mediaGone}
        </Text>
      )}
      {!gone && mime.startsWith('video/') && (
        <video
          className="media"
          src={source}
          controls
          loop
          muted
          autoPlay
          playsInline
          aria-label={prompt}
          onError={() => setGone(true)}
        />
      )}
      {!gone && !mime.startsWith('video/') && (
        <img
          className="media"
          src={source}
          alt={fill(texts.jobs.pictureOf, { prompt })}
          onError={() => setGone(true)}
        />
      )}
      <Text size="xs" c="dimmed">
        {facts.filter(Boolean).join(' · ')} ·{' '}
        <Anchor href={url} target="_blank" rel="noreferrer" size="xs" underline="always">
          {texts.jobs.openMedia}
        </Anchor>
      </Text>
    </Stack>
  )
}
