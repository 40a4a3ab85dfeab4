/**
 * LangGraph on its SQLite saver, in the two forms that it has: a graph with a node for each step (`--form graph`), and
 * tasks that a program awaits (`--form tasks`). By default the saver's writes are under way while the next step runs
 * (`durability: 'async'`); with `--full` each is awaited (`'sync'`), and synchronous is FULL.
 */
import { join } from 'node:path'
import { Annotation, END, entrypoint, START, StateGraph, task } from '@langchain/langgraph'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { measurePeer, modesOf, runAsReady } from '../peer.mjs'

/** Supersteps at most; the default, 25, is less than any chain here. */
const SPARE_SUPERSTEPS = 10

const PACKAGES = ['@langchain/langgraph', '@langchain/langgraph-checkpoint-sqlite', 'better-sqlite3']

await measurePeer(PACKAGES, ({ steps, dir, isFull, form }) => {
  const saver = SqliteSaver.fromConnString(join(dir, 'langgraph.db'))
  saver.setup()
  if (isFull) saver.db.pragma('synchronous = FULL')
  const durability = isFull ? 'sync' : 'async'
  const config = {
    configurable: { thread_id: 'bench' },
    recursionLimit: steps.length + SPARE_SUPERSTEPS,
    ...(isFull && { durability }),
  }
  const run = form === 'tasks' ? asTasks(steps, saver, config) : asGraph(steps, saver, config)
  const pragma = (name) => saver.db.pragma(name, { simple: true })
  return {
    run,
    modes: () =>
      `${modesOf({ journal: pragma('journal_mode'), synchronous: pragma('synchronous') })}, durability ${durability}`,
    close: () => saver.db.close(),
  }
})

function asGraph(steps, checkpointer, config) {
  const State = Annotation.Root({ done: Annotation({ reducer: (a, b) => a + b, default: () => 0 }) })
  const builder = new StateGraph(State)
  for (const { id } of steps) builder.addNode(id, () => ({ done: 1 }))
  const hasDependents = new Set(steps.flatMap(({ dependsOn }) => dependsOn))
  for (const { id, dependsOn } of steps) {
    if (dependsOn.length === 0) builder.addEdge(START, id)
    else builder.addEdge(dependsOn.length === 1 ? dependsOn[0] : [...dependsOn], id)
    if (!hasDependents.has(id)) builder.addEdge(id, END)
  }
  const graph = builder.compile({ checkpointer })
  return async () => (await graph.invoke({ done: 0 }, config)).done
}

function asTasks(steps, checkpointer, config) {
  const step = task('step', () => 1)
  const program = entrypoint({ name: 'bench', checkpointer }, async () => {
    let done = 0
    await runAsReady(steps, async () => {
      const ran = await step()
      done += ran
    })
    return done
  })
  return () => program.invoke({}, config)
}
