/** The emulator with as little work as possible, as a process of its own. */
import { startEmulator } from '../emulator/index.ts'

const { labsBaseUrl, apiBaseUrl } = await startEmulator({ instant: true })
console.log(JSON.stringify({ labsBaseUrl, apiBaseUrl }))
