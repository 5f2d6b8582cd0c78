/** The gateway from a checkout. */
import { checkout } from './box.ts'
import { run } from './run.ts'

await run(checkout)
