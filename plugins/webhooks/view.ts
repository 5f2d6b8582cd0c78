/** A delivery as the operator sees it. */
import type { Delivery } from './deliveries.ts'

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

export const deliveryView = (row: Omit<Delivery, 'body'>) => ({
  id: row.id,
  object: 'webhook.delivery',
  state: row.state,
  type: row.type,
  job: row.jobId,
  url: row.url,
  source: row.source,
  attempts: row.attempts,
  created_at: seconds(row.createdAt),
  last_attempt_at: seconds(row.lastAt),
  last_status: row.lastStatus,
  last_error: row.lastError,
  next_attempt_at: seconds(row.nextAt),
  ended_at: seconds(row.endedAt),
})
