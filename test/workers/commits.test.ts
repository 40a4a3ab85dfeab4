import { StatementSync } from 'node:sqlite'
import { expect, test, vi } from 'vitest'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { temporaryFolder } from '../stores/sqlite-file.ts'

/**
 * What was written, in order: types of events, and COMMIT. Time stands still, as a batch that takes long is committed before
 * all that could join it has come.
 */
async function written(act: () => Promise<unknown>): Promise<readonly string[]> {
  const run = vi.spyOn(StatementSync.prototype, 'run')
  const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now())
  try {
    await act()
    return run.mock.contexts.flatMap((statement, call) => {
      const { sourceSQL } = statement as StatementSync
      if (sourceSQL === 'COMMIT') return ['COMMIT']
      const type: unknown = run.mock.calls[call]?.[1]
      return sourceSQL.startsWith('INSERT INTO "event"') && typeof type === 'string' ? [type] : []
    })
  } finally {
    run.mockRestore()
    now.mockRestore()
  }
}

/** What was written between two events, from the first of them on. */
function between(types: readonly string[], from: string, to: string): readonly string[] {
  const start = types.indexOf(from)
  return types.slice(start, types.indexOf(to, start))
}

test('a worker settles an item and claims the next one in one commit, and a prompt and its turn share another', async () => {
  const backend = scriptedBackend({ script: { reply: 'done' } })
  await using shop = await openWorkshop({ dir: temporaryFolder(), config: false, backends: [backend] })
  shop.configure({ backend: backend.id })
  await shop.work([
    { id: 'first', title: 'First', type: 'code' },
    { id: 'second', title: 'Second', type: 'code' },
  ])
  const types = await written(async () => {
    await shop.boardWorker('worker', 'code').stored
    await shop.boardSettled()
  })
  expect(types).toContain('item.done')
  expect(between(types, 'item.done', 'item.claimed')).not.toContain('COMMIT')
  expect(between(types, 'message.posted', 'turn.started')).not.toContain('COMMIT')
})
