/** What the engine needs from the instance that runs it. Tests make it by hand. */
import type { AccountPool, Egress, GenerationProvider, Job, MediaKind, MediaStore } from 'flow2api/contracts'
import type { Clock, Handle, Job as Hold, Logger } from 'flow2api/plugin'

export interface Ports {
  readonly accounts: Handle<AccountPool>
  readonly egress: Handle<Egress>
  /** `undefined` while the plugin is not loaded. Look each time. */
  provider(id: string): Handle<GenerationProvider> | undefined
  /** `undefined` while nobody keeps media. Look each time. */
  media(): Handle<MediaStore> | undefined
  readonly clock: Clock
  readonly log: Logger
  /** How long a piece of this kind may take. */
  limitMs(kind: MediaKind): number
  /** After how long without any progress a running operation is given up; 0: never. */
  readonly stallMs: number
  /** Keeps the instance while something must be finished on it. */
  begin(label: string): Hold
  emit(job: Job): void
}
