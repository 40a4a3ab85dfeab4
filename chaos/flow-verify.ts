/** What must be true of a run after any chaos: read from the agents' own trace, from git and from the store's own file. */
import type { AtelierEvent } from '../src/events.ts'
import { projection } from '../src/projection.ts'
import { runResult } from '../src/runs/values.ts'
import type { Reader } from '../src/store.ts'
import { openSqliteStore } from '../src/stores/sqlite/store.ts'
import { systemClock } from '../src/time/system-clock.ts'
import { gitIn, projectIn } from './board-project.ts'
import { RUN, traceIn, WRITTEN_FILE } from './flow-stages.ts'
import { checkDatabase, compareWithReplay, databaseOf } from './verify.ts'

/** Requests of the run: the approval alone. */
const ASKED = 1

/** What a run has come to, as far as it does not depend on when and by whom, in lines: equal for all runs, however often they were killed. */
export async function outcomeIn(dir: string): Promise<string> {
  const project = projectIn(dir)
  const store = await openSqliteStore({ path: databaseOf(project), projection, clock: systemClock })
  try {
    const rows = await store.read(outcomeOf)
    return [...rows, `written ${JSON.stringify(gitIn(project, 'show', `main:${WRITTEN_FILE}`))}`].join('\n')
  } finally {
    await store.close()
  }
}

async function outcomeOf(reader: Reader): Promise<readonly string[]> {
  const run = await reader.get('run', RUN)
  const runs = (await reader.list('run')).map(
    ({ id, state, steps, done, failed, skipped, total, checksum }) => {
      return { run: id, state, steps, done, failed, skipped, total, checksum }
    },
  )
  const stages = (await reader.list('stage')).map(
    ({ id, state, round, tries, size, succeeded, failures, decision, scores, tree }) => {
      return { stage: id, state, round, tries, size, succeeded, failures, decision, scores, tree }
    },
  )
  const items = (await reader.list('item')).map(({ id, state }) => ({ item: id, state }))
  const result = { result: run === undefined ? null : await runResult(reader, run) }
  return [result, ...runs, ...stages, ...items].map((row) => JSON.stringify(row))
}

/** The lines in which an outcome differs from that of a run that nobody disturbs. */
function differences(outcome: string, expected: string): string[] {
  const [found, wanted] = [outcome.split('\n'), expected.split('\n')]
  return [
    ...found.filter((line) => !wanted.includes(line)).map((line) => `it has ${line}`),
    ...wanted.filter((line) => !found.includes(line)).map((line) => `undisturbed: ${line}`),
  ]
}

/**
 * @param expected what a run comes to that nobody disturbs
 * @returns what is wrong; nothing if all is well
 */
export async function verifyFlow(dir: string, expected: string): Promise<string[]> {
  const project = projectIn(dir)
  const path = databaseOf(project)
  const wrong = [...checkDatabase(path), ...checkMerges(project)]
  wrong.push(...differences(await outcomeIn(dir), expected))
  const store = await openSqliteStore({ path, projection, clock: systemClock })
  try {
    const events = await store.events({ after: 0, limit: 1_000_000 })
    wrong.push(...checkEvents(events), ...checkTrace(dir, events))
    await store.read(async (reader) => {
      for (const { id } of await reader.list('turn', { where: { state: 'running' } }))
        wrong.push(`the turn ${id} still runs`)
      for (const { id, item } of await reader.list('attempt', { where: { state: 'running' } }))
        wrong.push(`the attempt ${id} of ${item} still runs`)
      for (const { id } of await reader.list('host')) wrong.push(`the host ${id} is still there`)
    })
    wrong.push(...(await compareWithReplay(store, events)))
  } finally {
    await store.close()
  }
  return wrong
}

/** The work came to the branch once. */
function checkMerges(project: string): string[] {
  const format = '--format=%(trailers:key=Atelier-Item,valueonly)'
  const merged = gitIn(project, 'log', '--first-parent', format, 'main').split('\n').filter(Boolean)
  return merged.join(' ') === `${RUN}/merge` ? [] : [`merged: ${merged.join(', ') || 'nothing'}`]
}

/** Each part was posted once and settled once, and what a person has said was not asked again. */
function checkEvents(events: readonly AtelierEvent[]): string[] {
  const wrong: string[] = []
  const seen = new Set<string>()
  for (const event of events) {
    const what = settledBy(event)
    if (what === undefined) continue
    if (seen.has(what)) wrong.push(`twice: ${what}`)
    seen.add(what)
  }
  for (const type of ['inbox.asked', 'inbox.answered'] as const) {
    const times = events.filter((event) => event.type === type).length
    if (times !== ASKED) wrong.push(`${type} ${times} times`)
  }
  return wrong
}

function settledBy({ type, data }: AtelierEvent): string | undefined {
  switch (type) {
    case 'item.posted':
    case 'item.done':
      return `${type} ${data.item}`
    case 'stage.done':
    case 'stage.rewound':
      return `${type} ${data.run} ${data.stage} ${data.round}`
    case 'run.started':
    case 'run.ended':
      return `${type} ${data.run}`
    default:
      return undefined
  }
}

/** By the agents' own trace: no turn began for what was accepted, and nothing was accepted that no turn was about. */
function checkTrace(dir: string, events: readonly AtelierEvent[]): string[] {
  const wrong: string[] = []
  const accepted = new Map<string, number>()
  for (const { type, data, at } of events) if (type === 'item.done') accepted.set(data.item, at)
  const began = traceIn(dir)
  for (const { item, at } of began) {
    const doneAt = accepted.get(item)
    if (doneAt === undefined) wrong.push(`a turn began for ${item}, which is not done`)
    else if (at > doneAt) wrong.push(`a turn began for ${item} after it was accepted`)
  }
  const ran = new Set(began.map(({ item }) => item))
  const traced = [...accepted.keys()].filter((item) => /\/(?:plan|write|check|polish|each|end)/u.test(item))
  for (const item of traced) if (!ran.has(item)) wrong.push(`${item} was accepted, and no turn was about it`)
  return wrong
}
