/** How a test of a proxy went. */
import { Alert, Text } from '@mantine/core'
import type { ProxyTest } from '../../api/types.ts'
import { number } from '../../format.ts'
import { fill, texts } from '../../texts.ts'

const { proxies: words } = texts

export const TestResult = ({ result }: { readonly result: ProxyTest }) => (
  <Alert
    variant="light"
    color={result.ok ? 'teal' : 'red'}
    role="status"
    title={fill(result.ok ? words.works : words.broken, { proxy: result.name ?? result.proxy_url })}
  >
    <Text size="sm" className="wrap">
      {result.error
        ? result.error.message
        : fill(words.result, {
            status: result.status ?? '–',
            ms: result.latency_ms === null ? '–' : number(result.latency_ms),
            address: result.exit_address ?? '–',
          })}
    </Text>
  </Alert>
)
