/** What is written of each thing that the kernel's taps and the way out tell. */
import type { UpstreamCall } from 'flow2api/contracts'
import { JOB_HEADER } from 'flow2api/contracts'
import type { Logger, Tap } from 'flow2api/plugin'
import { bodyOf } from './bodies.ts'
import { type Correlation, jobIn } from './correlation.ts'
import { arrivalLine, busLine, callLine, httpLine, type Line, type Settings, streamLine } from './lines.ts'

export interface WatchParts {
  /** The id of this plugin. */
  readonly id: string
  readonly log: Logger
  readonly correlation: Correlation
  readonly settings: Settings
}

export function watching({ id, log, correlation, settings }: WatchParts) {
  const { requests, responses, mask } = settings
  /** Until a request's own line is written, so that its answer comes behind it. */
  const arrived = new WeakMap<Request, Promise<void>>()
  const info = ({ message, fields }: Line) => log.info(fields, message)
  const debug = ({ message, fields }: Line) => log.debug(fields, message)
  const tap: Tap = {
    scope: (call, outer) => correlation.scope(call, outer),
    arrival(arrival) {
      // Whoever reads the log would fill it by reading.
      if (arrival.plugin === id || !requests) return
      const body = bodyOf(arrival.request, 'request', mask)
      if (body)
        arrived.set(
          arrival.request,
          body.then(shown => info(arrivalLine(arrival, settings, shown))),
        )
      else info(arrivalLine(arrival, settings, undefined))
    },
    http(record) {
      if (record.plugin === id) return
      const { request, response, requestId } = record
      correlation.learn(jobIn(response.headers.get(JOB_HEADER)), requestId)
      const body = responses ? bodyOf(response, 'answer', mask) : undefined
      const before = arrived.get(request)
      if (body || before) void Promise.all([body, before]).then(([shown]) => info(httpLine(record, settings, shown)))
      else info(httpLine(record, settings, undefined))
    },
    stream(record) {
      if (record.plugin !== id) info(streamLine(record, settings))
    },
    bus(record) {
      if (record.from === id || record.to === id) return
      correlation.learnFrom(record)
      debug(busLine(record, settings))
    },
  }
  return {
    tap,
    called(call: UpstreamCall) {
      const body = call.response && responses ? bodyOf(call.response, 'upstream', mask) : undefined
      if (body) void body.then(shown => debug(callLine(call, settings, shown)))
      else debug(callLine(call, settings, undefined))
    },
  }
}
