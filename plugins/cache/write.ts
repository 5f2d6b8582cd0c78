/** Streams a body to a file, never holding more of it than one chunk. */
import { type FileHandle, open } from 'node:fs/promises'
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, fault, ok, type Result } from 'flow2api/plugin'
import { type Download, unavailable } from './download.ts'
import { HEAD_BYTES, type Kind, kindOf } from './kind.ts'

/** No picture or video of any upstream comes near. */
export const MOST_BYTES = 2 * 1024 ** 3

export interface Written {
  readonly kind: Kind
  readonly bytes: number
}

/**
 * Writes `download` to `path`, which must not exist. Errors: `media_unavailable` where what came is not whole or not a
 * picture or video, `disk_full`, and the signal's `upstream_timeout` or `cancelled`. The caller removes what is left.
 */
export async function writeDownload(
  download: Download,
  path: string,
  signal: AbortSignal,
  mostBytes = MOST_BYTES,
): Promise<Result<Written, Fault>> {
  const { body, expectedBytes, type } = download
  if (expectedBytes !== undefined && expectedBytes > mostBytes) {
    await body.cancel()
    return err(unavailable('it is too large.'))
  }
  let head = new Uint8Array()
  let kind: Kind | undefined
  let bytes = 0
  const file = await open(path, 'wx').catch((cause: unknown) => diskFault(cause))
  if ('code' in file) {
    await body.cancel()
    return err(file)
  }
  await using _closed = file
  const reader = body.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (!kind) {
        if (value) head = Buffer.concat([head, value.subarray(0, HEAD_BYTES)])
        if (head.length >= HEAD_BYTES || done) {
          kind = kindOf(head)
          if (!kind) return err(unavailable(`it is neither a picture nor a video that is known here (${type}).`))
        }
      }
      if (done) break
      bytes += value.length
      if (bytes > mostBytes) return err(unavailable('it is too large.'))
      const failed = await append(file, value).catch((cause: unknown) => diskFault(cause))
      if (failed) return err(failed)
    }
  } catch (cause) {
    return err(readFault(cause, signal))
  } finally {
    // Whatever was not read is not wanted any more; a body that has failed has nothing to cancel.
    await reader.cancel().catch(() => {})
  }
  if (expectedBytes !== undefined && expectedBytes !== bytes)
    return err(unavailable(`${bytes} bytes of ${expectedBytes} arrived.`))
  return kind ? ok({ kind, bytes }) : err(unavailable('it is empty.'))
}

/** A write may take less than all of it. */
async function append(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten
}

function readFault(cause: unknown, signal: AbortSignal): Fault {
  if (!signal.aborted) return unavailable('the transfer broke off.', cause)
  const late = signal.reason instanceof Error && signal.reason.name === 'TimeoutError'
  return late
    ? domainFault('upstream_timeout', 'The finished file did not arrive in time.', { cause })
    : domainFault('cancelled', 'The transfer of the finished file was cancelled.', { cause })
}

/** What the file system said, as a fault. */
export function diskFault(cause: unknown): Fault {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown error'
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return fault('disk_full', 'There is no space left for finished media. Free some, or lower [cache] max_size_mb.', {
      blame: 'gateway',
      retry: 'later',
      cause,
    })
  return domainFault(
    'internal_error',
    `Finished media could not be written (${code}). Check the permissions of the tmp directory.`,
    {
      cause,
    },
  )
}
