/** The console: starts here, in the browser. */
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './console.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { nonce } from './nonce.ts'

// Where a dependency of the components looks for it: style sheets without it are refused by the page's policy.
Object.assign(globalThis, { __webpack_nonce__: nonce() })

const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
