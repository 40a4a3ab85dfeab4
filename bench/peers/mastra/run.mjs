/**
 * Mastra on libsql. Its workflows are sequences of steps and of parallel steps, so that a graph becomes levels with a
 * barrier after each. The store sets synchronous to NORMAL; `--full` sets every connection of its pool to FULL.
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Mastra } from '@mastra/core'
import { createStep, createWorkflow } from '@mastra/core/workflows'
import { LibSQLStore } from '@mastra/libsql'
import { z } from 'zod'
import { measurePeer, modesOf } from '../peer.mjs'
import { levelsOf } from '../shapes.ts'

/** As many as the client opens at most. A connection is lent for one call, so that as many calls at once get them all. */
const CONNECTIONS = 20

await measurePeer(['@mastra/core', '@mastra/libsql', '@libsql/client'], async ({ steps, dir, isFull }) => {
  const store = new LibSQLStore({ id: 'bench', url: pathToFileURL(join(dir, 'mastra.db')).href })
  await store.init()
  const onAll = (sql) => Promise.all(Array.from({ length: CONNECTIONS }, () => store.client.execute(sql)))
  if (isFull) await onAll('PRAGMA synchronous = FULL')
  let done = 0
  const workflow = workflowOf(steps, () => done++)
  const mastra = new Mastra({ storage: store, workflows: { bench: workflow }, logger: false })
  return {
    run: async () => {
      const run = await mastra.getWorkflow('bench').createRun()
      const { status, error } = await run.start({ inputData: {} })
      if (status !== 'success') throw error ?? new Error(`The run has ended as ${status}.`)
      return done
    },
    modes: async () => {
      const pragma = async (name) => (await store.client.execute(`PRAGMA ${name}`)).rows[0][name]
      const used = modesOf({
        journal: await pragma('journal_mode'),
        synchronous: await pragma('synchronous'),
      })
      const all = isFull ? await onAll('PRAGMA synchronous') : []
      if (all.some(({ rows }) => rows[0].synchronous !== 2)) throw new Error('A connection was not at FULL.')
      return used
    },
    close: () => store.client.close(),
  }
})

function workflowOf(steps, ran) {
  const schema = z.any()
  const stepOf = ({ id }) =>
    createStep({
      id,
      inputSchema: schema,
      outputSchema: schema,
      execute: async () => {
        ran()
        return {}
      },
    })
  let workflow = createWorkflow({ id: 'bench', inputSchema: schema, outputSchema: schema })
  for (const level of levelsOf(steps)) {
    workflow = level.length === 1 ? workflow.then(stepOf(level[0])) : workflow.parallel(level.map(stepOf))
  }
  return workflow.commit()
}
