import { Page } from '../../parts/page.tsx'
import { texts } from '../../texts.ts'

export default function P() {
  return <Page title={texts.nav.proxies}>…</Page>
}
