/** Which video is a remix of which: what the job engine does not keep of a request, and video objects show. */
import { asc, eq, gt, sql } from 'drizzle-orm'
import type { JobEngine } from 'flow2api/contracts'
import type { Database, Handle } from 'flow2api/plugin'
import { remixes } from './schema.ts'

const PAGE = 100

export class Remixes {
  readonly #source

  constructor(private readonly db: Database) {
    this.#source = db
      .select({ sourceId: remixes.sourceId })
      .from(remixes)
      .where(eq(remixes.jobId, sql.placeholder('id')))
      .prepare()
  }

  add(jobId: string, sourceId: string): void {
    this.db.insert(remixes).values({ jobId, sourceId }).onConflictDoNothing().run()
  }

  /** Id of the job whose video it was made of. */
  sourceOf(jobId: string): string | undefined {
    return this.#source.get({ id: jobId })?.sourceId
  }

  remove(jobId: string): void {
    this.db.delete(remixes).where(eq(remixes.jobId, jobId)).run()
  }

  /** Forgets those whose jobs are gone. */
  async sweep(jobs: Handle<JobEngine>, signal: AbortSignal): Promise<void> {
    for (let page = this.#behind(''); page.length > 0 && !signal.aborted; page = this.#behind(page.at(-1) ?? ''))
      for (const jobId of page) {
        const job = await jobs.get(jobId)
        if (job.isErr() && job.error.code === 'not_found') this.remove(jobId)
      }
  }

  #behind(jobId: string): readonly string[] {
    const rows = this.db
      .select({ jobId: remixes.jobId })
      .from(remixes)
      .where(gt(remixes.jobId, jobId))
      .orderBy(asc(remixes.jobId))
      .limit(PAGE)
      .all()
    return rows.map(row => row.jobId)
  }
}
