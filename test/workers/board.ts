/** A board with workers on the scripted backend. */
import { expect, onTestFinished } from 'vitest'
import {
  scriptedBackend,
  type ScriptedBackend,
  type ScriptedOptions,
} from '../../src/agent-backends/scripted.ts'
import type { AtelierEvent, EventType } from '../../src/events.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { openWorkshop, type OpenOptions } from '../../src/workshop.ts'
import { temporaryFolder } from '../direct/team.ts'

export interface TestBoard {
  readonly shop: HostedWorkshop
  readonly backend: ScriptedBackend
  readonly events: (...types: EventType[]) => Promise<readonly AtelierEvent[]>
}

/** Opens a workshop in memory, or where the options say; an error of a background loop fails the test. */
export async function openBoard(
  script: ScriptedOptions['script'] = {},
  options: OpenOptions = {},
): Promise<TestBoard> {
  const backend = scriptedBackend({
    script,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  })
  const errors: unknown[] = []
  const shop = await openWorkshop({
    dir: await temporaryFolder(),
    persistence: false,
    config: false,
    backends: [backend],
    actor: 'tester',
    onError: (error) => errors.push(error),
    ...options,
  })
  onTestFinished(async () => {
    await shop.close({ drain: false })
    expect(errors).toEqual([])
  })
  shop.configure({ backend: 'scripted' })
  return { shop, backend, events: (...types) => shop.events({ after: 0, types }) }
}

/** Long enough for a machine that has other things to do. */
export const SETTLED: { readonly timeout: string } = { timeout: '30s' }
