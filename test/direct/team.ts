/** A team on the scripted backend, in memory and on a clock that the test moves. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  scriptedBackend,
  type ScriptedBackend,
  type ScriptedOptions,
} from '../../src/agent-backends/scripted.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { openWorkshop, type OpenOptions } from '../../src/workshop.ts'

export interface TestTeam {
  readonly shop: HostedWorkshop
  readonly backend: ScriptedBackend
  readonly clock: ManualClock
  readonly dir: string
  /** Errors of background loops: a test that leaves one unread has failed. */
  readonly errors: readonly unknown[]
}

export async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'atelier-test-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** Opens a team of `impl`, `reviewer` and `tests` that answer as the script says. */
export async function openTeam(
  script: ScriptedOptions['script'] = {},
  options: OpenOptions = {},
): Promise<TestTeam> {
  const clock = new ManualClock()
  const backend = scriptedBackend({ clock, script })
  const errors: unknown[] = []
  const dir = await temporaryFolder()
  const shop = await openWorkshop({
    dir,
    clock,
    persistence: false,
    config: false,
    backends: [backend],
    actor: 'tester',
    onError: (error) => errors.push(error),
    ...options,
  })
  onTestFinished(async () => {
    await shop.close({ drain: false })
    if (errors.length > 0) throw errors[0]
    if (clock.pending > 0) throw new Error(`${clock.pending} timers are left after close.`)
  })
  shop.configure({ backend: 'scripted' })
  for (const name of ['impl', 'reviewer', 'tests']) shop.agent(name, `You are ${name}.`)
  return { shop, backend, clock, dir, errors }
}

/** The prompts that the backend was called with, by agent. */
export function promptsTo(backend: ScriptedBackend, agent: string): string[] {
  return backend.requests.filter((request) => request.agent === agent).map((request) => request.prompt)
}
