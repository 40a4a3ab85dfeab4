/**
 * OpenWorkflow on Node's own SQLite. Measured until the commit that completes the run: its client looks for the result
 * once a second, which is no cost of a step. Its default is FULL.
 */
import { join } from 'node:path'
import { OpenWorkflow } from 'openworkflow'
import { BackendSqlite } from 'openworkflow/sqlite'
import { measurePeer, modesOf, runAsReady } from '../peer.mjs'

await measurePeer(['openworkflow'], ({ steps, dir, isFull }) => {
  const backend = BackendSqlite.connect(join(dir, 'openworkflow.db'))
  backend.db.exec(`PRAGMA synchronous = ${isFull ? 'FULL' : 'NORMAL'}`)
  const ended = endOf(backend)
  const client = new OpenWorkflow({ backend })
  let done = 0
  const workflow = client.defineWorkflow({ name: 'bench' }, async ({ step }) => {
    await runAsReady(steps, (name) => step.run({ name }, () => void done++))
  })
  const worker = client.newWorker()
  const pragma = (name) => backend.db.prepare(`PRAGMA ${name}`).get()[name]
  return {
    run: async () => {
      await workflow.run({})
      // Started when there is work, the worker finds it at once and does not wait for its next look.
      await worker.start()
      await ended
      return done
    },
    modes: () => modesOf({ journal: pragma('journal_mode'), synchronous: pragma('synchronous') }),
    close: async () => {
      await worker.stop()
      await backend.stop()
    },
  }
})

/** Settles with the commit that ends the run. */
function endOf(backend) {
  return new Promise((resolve, reject) => {
    const complete = backend.completeWorkflowRun.bind(backend)
    backend.completeWorkflowRun = async (params) => {
      const run = await complete(params)
      resolve(run)
      return run
    }
    const fail = backend.failWorkflowRun.bind(backend)
    backend.failWorkflowRun = async (params) => {
      const run = await fail(params)
      reject(new Error(params.error?.message ?? 'The run has failed.'))
      return run
    }
  })
}
