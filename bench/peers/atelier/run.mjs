/**
 * Atelier, as it is in this repository: a stage for each step. Its default is FULL; NORMAL is `durability: 'fast'`.
 * Measured from the order to run until the commit that ends the run is known here.
 */
import { DatabaseSync } from 'node:sqlite'
import { openWorkshop } from '../../../src/workshop.ts'
import { measurePeer, modesOf } from '../peer.mjs'

/** As many steps at the same time as the engine lets a workflow have. */
const CONCURRENCY = 1000

await measurePeer([], async ({ steps, dir, isFull }) => {
  const connections = connectionsSeen()
  const shop = await openWorkshop({ dir, config: false, durability: isFull ? 'full' : 'fast' })
  const stages = steps.map(({ id, dependsOn }) => ({ id, noop: true, needs: dependsOn }))
  await shop.workflow('bench', stages, {
    concurrency: Math.min(CONCURRENCY, steps.length),
    maxSteps: 2 * steps.length + 50,
    result: steps.at(-1).id,
  }).stored
  // What others load when they are imported is loaded here by the first run.
  await shop.workflow('first', [{ id: 'only', noop: true }]).stored
  await (await shop.runWorkflow('first')).result()
  return {
    run: async () => {
      const run = await shop.runWorkflow('bench')
      await run.result()
      return steps.length
    },
    modes: async () => {
      const { metrics } = await shop.run('bench-1').status()
      const { completed } = metrics.progress
      if (completed !== steps.length) throw new Error(`${completed} of ${steps.length} stages are done.`)
      const pragma = (name) => connections[0].prepare(`PRAGMA ${name}`).get()[name]
      return modesOf({ journal: pragma('journal_mode'), synchronous: pragma('synchronous') })
    },
    close: () => shop.close(),
  }
})

/** The connections that are opened from now on: the first one writes. */
function connectionsSeen() {
  const seen = []
  const { exec } = DatabaseSync.prototype
  DatabaseSync.prototype.exec = function (sql) {
    if (!seen.includes(this)) seen.push(this)
    return exec.call(this, sql)
  }
  return seen
}
