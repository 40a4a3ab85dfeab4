import { expect, it } from 'vitest'
import { openViews } from '../../src/workshop.ts'
import { temporaryFolder } from '../direct/team.ts'
import { openBoard } from './board.ts'
import { makeRepository } from './repository.ts'

/** Turns of the event loop in which items are claimed, worktrees made and agents asked. */
const MOMENTS = 24

it('a host that is ended at any moment of a claim gives the item back, asks its agent nothing more, and ends (AS-30)', async () => {
  const { dir } = await makeRepository()
  for (let moment = 0; moment < MOMENTS; moment++) {
    const persistence = await temporaryFolder()
    const { shop } = await openBoard({ steps: [{ hang: true }] }, { dir, persistence })
    await shop.work([
      { id: 'one', title: 'First', type: 'code' },
      { id: 'two', title: 'Second', type: 'code' },
    ])
    for (const name of ['first', 'second']) shop.boardWorker(name, 'code', { worktree: moment % 2 === 0 })
    await shop.agents()
    for (let turn = 0; turn < moment; turn++) await new Promise((resolve) => setImmediate(resolve))
    await shop.close({ drain: false })

    const views = await openViews({ dir, persistence })
    const { items } = await views.board()
    const events = await views.events({ after: 0, last: 500 })
    await views.close()
    expect(items.map(({ state }) => state)).toEqual(['ready', 'ready'])
    const types = events.map(({ type }) => type)
    expect(types.slice(types.indexOf('host.stopped'))).not.toContain('message.posted')
  }
})
