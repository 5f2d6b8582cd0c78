/** Whether something takes connections at a proxy's address. */
import { connect } from 'node:net'
import type { ProxyAddress } from './address.ts'

const PATIENCE_MS = 3_000

/** The error where nobody does, undefined where somebody does. Never rejects. */
export function dial({ host, port }: ProxyAddress, signal?: AbortSignal | null): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>()
  const socket = connect({ host: host.replace(/^\[|\]$/g, ''), port })
  const give = (answer: Error | undefined) => {
    signal?.removeEventListener('abort', onAbort)
    socket.destroy()
    resolve(answer)
  }
  const onAbort = () => give(new DOMException('The request was aborted.', 'AbortError'))
  socket.setTimeout(PATIENCE_MS, () => give(Object.assign(new Error('connect ETIMEDOUT'), { code: 'ETIMEDOUT' })))
  socket.once('connect', () => give(undefined))
  // Stays: an error may follow the one that has been answered.
  socket.on('error', give)
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  return promise
}
