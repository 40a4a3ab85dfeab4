/** Workshops on one database, each as another process would open it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { openWorkshop, type OpenOptions } from '../../src/workshop.ts'

export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'atelier-inbox-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export interface Shops {
  readonly clock: ManualClock
  readonly dir: string
  /** Opens the folder as somebody; without a host unless the options say otherwise. */
  readonly open: (actor: string, options?: OpenOptions) => Promise<HostedWorkshop>
}

/** A folder of its own, on a clock that the test moves. */
export async function openShops(): Promise<Shops> {
  const clock = new ManualClock()
  const dir = await temporaryFolder()
  return {
    clock,
    dir,
    async open(actor, options = {}) {
      const errors: unknown[] = []
      const shop = await openWorkshop({
        dir,
        clock,
        config: false,
        host: 'none',
        actor,
        onError: (error) => errors.push(error),
        ...options,
      })
      onTestFinished(async () => {
        await shop.close({ drain: false })
        if (errors.length > 0) throw errors[0]
      })
      return shop
    },
  }
}
