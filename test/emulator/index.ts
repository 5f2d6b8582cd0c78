/** A Flow upstream on a loopback port: both bases of the wire protocol and the media behind it. See README.md. */
import type { Accounts } from './accounts.ts'
import { CONTROL_PATH } from './control.ts'
import type { Faults } from './faults.ts'
import type { MediaStore } from './media.ts'
import { type EmulatorOptions, settingsOf } from './options.ts'
import type { RequestRecord } from './record.ts'
import { BASES } from './router.ts'
import { requestHandler } from './server.ts'
import { World } from './world.ts'

export { SAMPLE_ACCOUNTS } from './accounts.ts'
export type { EmulatorOptions } from './options.ts'

export interface Emulator extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, or the `publicUrl`. */
  readonly url: string
  /** For `flow.labs_base_url`. */
  readonly labsBaseUrl: string
  /** For `flow.api_base_url`. */
  readonly apiBaseUrl: string
  /** For calls that steer it from outside; README.md lists them. */
  readonly controlUrl: string
  /** Who there is; tests may add accounts and change credits, tier, session and access. */
  readonly accounts: Accounts
  /** What was generated and uploaded. */
  readonly media: MediaStore
  /** Every request received. */
  readonly record: RequestRecord
  /** What is to go wrong. */
  readonly faults: Faults
  /** Closes the port and every connection; requests that hang end. */
  stop(): Promise<void>
}

/** Starts an emulator. Throws if the port is taken. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const world = new World(settingsOf(options))
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: world.settings.port,
    idleTimeout: 0,
    // Else a connection that is cut on purpose would be reported on the terminal.
    development: false,
    // Without `development` Bun shares a port that is taken.
    reusePort: false,
    fetch: requestHandler(world),
  })
  const url = world.settings.publicUrl || `http://127.0.0.1:${server.port}`
  world.urls.base = `${url}${BASES.media}`
  const stop = async () => {
    world.stop()
    await server.stop(true)
  }
  return {
    url,
    labsBaseUrl: `${url}${BASES.labs}`,
    apiBaseUrl: `${url}${BASES.api}`,
    controlUrl: `${url}${CONTROL_PATH}`,
    accounts: world.accounts,
    media: world.media,
    record: world.record,
    faults: world.faults,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
