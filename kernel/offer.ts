/** What the kernel offers on its own bus, made of its parts. */
import type { Bus } from './bus.ts'
import { settingsOf } from './changes.ts'
import type { Configuration } from './configuration.ts'
import type { KernelControl } from './control.ts'
import type { LogFeed } from './log.ts'
import type { Reloads } from './reloads.ts'

export interface KernelParts extends Pick<KernelControl, 'plugins'> {
  readonly reloads: Reloads
  readonly bus: Bus
  readonly feed: LogFeed
  /** The configuration in force. */
  current(): Configuration
}

export const controlOf = ({ reloads, bus, feed, current, plugins }: KernelParts): KernelControl => ({
  plugins,
  reload: (trigger, plugin) => reloads.reload(trigger, plugin),
  config: () => current().masked,
  settings: () => settingsOf(current()),
  schemas: () => current().schemas.map(({ name, owner, schema }) => ({ section: name, owner, schema })),
  preview: change => reloads.preview(change),
  change: (change, by) => reloads.change(change, by),
  versions: () => reloads.versions(),
  compare: version => reloads.compare(version),
  restore: (version, by) => reloads.restore(version, by),
  reloads: () => reloads.history(),
  tap: tap => bus.tap(tap),
  logLines: listener => feed.listen(listener),
})
