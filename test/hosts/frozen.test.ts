import { expect, onTestFinished, test } from 'vitest'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { HOST_LEASE_MS } from '../../src/team/host.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { temporaryFolder } from '../direct/team.ts'

test('a host that was frozen past its lease finds its turn taken over, and its late result is refused', async () => {
  const dir = await temporaryFolder()
  const frozen = new ManualClock()
  const awake = new ManualClock()
  const slow = scriptedBackend({
    clock: frozen,
    script: { steps: [{ delay: 1000 }, { say: 'late' }], costUsd: 0.2 },
  })
  const first = await openWorkshop({ dir, clock: frozen, config: false, backends: [slow] })
  onTestFinished(() => first.close({ drain: false }))
  first.configure({ backend: 'scripted' })
  first.agent('impl', 'Implements.')
  await first.cast('impl', 'work')
  await frozen.tick()
  expect(slow.turns).toBe(1)

  // Time passes for everybody but the first host.
  await awake.advance(HOST_LEASE_MS + 1)
  const quick = scriptedBackend({ clock: awake, script: { reply: 'in time', costUsd: 0.1 } })
  const second = await openWorkshop({ dir, clock: awake, config: false, backends: [quick] })
  onTestFinished(() => second.close({ drain: false }))
  const waiting = second.await('impl')
  await awake.advance(1000)
  expect(await waiting).toMatchObject({ text: 'in time' })

  await frozen.advance(2000)
  expect(await second.result('impl')).toBe('in time')
  const finished = await second.events({ last: 100, types: ['turn.finished', 'turn.lost', 'host.lost'] })
  expect(finished.map(({ type }) => type)).toEqual(['turn.lost', 'host.lost', 'turn.finished'])
  expect(await second.cost()).toMatchObject({ total: { costUsd: 0.6, assumedUsd: 0.5, turns: 2 } })
})
