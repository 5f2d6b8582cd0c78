/** The emulator with as little work as possible, as a process of its own. */
import { startEmulator } from '../emulator/index.ts'
import { BENCH_ACCOUNTS } from './accounts.ts'

const { labsBaseUrl, apiBaseUrl } = await startEmulator({ instant: true, seedAccounts: BENCH_ACCOUNTS })
console.log(JSON.stringify({ labsBaseUrl, apiBaseUrl }))
