import * as fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { NewEvent } from '../../src/events.ts'
import { definitionBy, packDefinition } from '../../src/runs/definitions.ts'
import { Rows } from '../../src/runs/rows.ts'
import { advanceRun } from '../../src/runs/slices.ts'
import type { Projection, Reader, RowKey, RowQuery, Store } from '../../src/store.ts'
import { openMemoryStore } from '../../src/stores/memory.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import type { RowChange } from '../../src/tables.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { startedRun, untouchedStage } from '../../src/workflow/projection.ts'
import type { StageRow } from '../../src/workflow/run.ts'
import { work, workflow } from '../workflow/example-stages.ts'

type Table = 'stage' | 'dependency'
type Column = keyof StageRow

/** A row as it is written, with whether its event says that it reads it; null: it is removed. */
interface Write {
  readonly table: Table
  readonly key: RowKey
  readonly row: object | null
  /** Never of one with several columns in its key: no event reads such. */
  readonly isRead: boolean
}

type Question =
  | { readonly ask: 'get'; readonly table: Table; readonly key: RowKey }
  | { readonly ask: 'list'; readonly table: Table; readonly query: RowQuery<object> }
  | {
      readonly ask: 'values'
      readonly table: Table
      readonly column: string
      readonly query: RowQuery<object>
    }
  | { readonly ask: 'blob'; readonly hash: string }

/** One part of a transaction: what it decides, and what is asked after that. */
interface Part {
  readonly writes: readonly Write[]
  readonly blobs: readonly string[]
  readonly questions: readonly Question[]
}

/** Whatever an event says is written: an overlay is to be right for every projection. */
const anyRows: Projection = {
  reads(event) {
    const { table, key, isRead } = writeOf(event)
    return isRead ? [{ table, key: key as string }] : []
  },
  apply(event) {
    const { table, key, row } = writeOf(event)
    return [{ table, key, row } as RowChange]
  },
}

function writeOf(event: NewEvent): Write {
  if (event.type !== 'context.put') throw new Error(event.type)
  return JSON.parse(event.data.value as string) as Write
}

function written(writes: readonly Write[]): readonly NewEvent[] {
  return writes.map((write) => ({
    type: 'context.put',
    data: { key: 'any', value: JSON.stringify(write), version: 1 },
  }))
}

// Small sets, so that rows meet; the last two stand in another order by code points than by UTF-16 units.
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '\u{1f600}', '\uff5e'] as const
const name = fc.constantFrom(...NAMES)
const time = fc.option(fc.integer({ min: -2, max: 4 }), { freq: 2 })

const stageRow = fc
  .record({ stage: name, run: fc.constantFrom('r1', 'r1', 'r2'), wakeAt: time, subject: fc.option(name) })
  .map(({ stage, run, wakeAt, subject }): Pick<Write, 'table' | 'key' | 'row'> => {
    const state = wakeAt === null ? 'queued' : 'open'
    const position = NAMES.indexOf(stage)
    const row = { ...untouchedStage(run, stage, position, 0), state, wakeAt, subject }
    return { table: 'stage', key: row.id, row }
  })
const dependencyRow = fc
  .record({ dependsOn: name, item: name })
  .map((row): Pick<Write, 'table' | 'key' | 'row'> => ({
    table: 'dependency',
    key: [row.dependsOn, row.item],
    row,
  }))
const write: fc.Arbitrary<Write> = fc
  .tuple(
    fc.oneof({ weight: 3, arbitrary: stageRow }, dependencyRow),
    fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.constant(true)),
    fc.boolean(),
  )
  .map(([one, isGone, isRead]) => ({
    ...one,
    row: isGone ? null : one.row,
    isRead: isRead && one.table === 'stage',
  }))

const stageQuery = fc.record(
  {
    where: fc.record(
      {
        run: fc.constantFrom('r1', 'r2', undefined),
        state: fc.constantFrom('queued', 'open'),
        wakeAt: fc.constantFrom(null, 1, undefined),
        subject: fc.option(name),
      },
      { requiredKeys: [] },
    ),
    direction: fc.constantFrom('asc', 'desc'),
    limit: fc.integer({ min: 0, max: 4 }),
  },
  { requiredKeys: [] },
)
const stageOrder = fc.oneof(
  fc.record({ orderBy: fc.constantFrom('wakeAt', 'position') }),
  fc.record({
    orderBy: fc.constantFrom('wakeAt', 'position'),
    after: fc.integer({ min: -3, max: 5 }),
  }),
  fc.record({ orderBy: fc.constantFrom('id', 'subject'), after: fc.oneof(name, fc.constant('r1/c')) }),
  fc.record({ after: fc.constantFrom('r1', 'r1/c', 'r1/\u{1f600}', 'r2/b') }),
  fc.constant({}),
)
const dependencyQuery = fc.record(
  {
    where: fc.record({ dependsOn: name }, { requiredKeys: [] }),
    direction: fc.constantFrom('asc', 'desc'),
    after: name,
    limit: fc.integer({ min: 0, max: 4 }),
  },
  { requiredKeys: [] },
)
// As runs ask, again and again while the rows that they get leave the list.
const nextOnes = fc.integer({ min: 1, max: 2 }).map(
  (limit) =>
    ({
      table: 'stage',
      query: { where: { run: 'r1', state: 'queued' }, orderBy: 'position', limit } as RowQuery<object>,
    }) as const,
)
const listing = fc.oneof(
  nextOnes,
  fc
    .tuple(stageQuery, stageOrder)
    .map(
      ([query, order]) => ({ table: 'stage', query: { ...query, ...order } as RowQuery<object> }) as const,
    ),
  dependencyQuery.map((query) => ({ table: 'dependency', query: query as RowQuery<object> }) as const),
)
const question: fc.Arbitrary<Question> = fc.oneof(
  write.map(({ table, key }) => ({ ask: 'get', table, key }) as const),
  listing.map((one) => ({ ask: 'list', ...one }) as const),
  fc
    .tuple(listing, fc.constantFrom<Column>('position', 'wakeAt', 'scores', 'id'))
    .map(
      ([one, column]) =>
        ({ ask: 'values', ...one, column: one.table === 'stage' ? column : 'item' }) as const,
    ),
  name.map((hash) => ({ ask: 'blob', hash }) as const),
)
const part: fc.Arbitrary<Part> = fc.record({
  writes: fc.array(write, { maxLength: 8 }),
  blobs: fc.array(name, { maxLength: 1 }),
  questions: fc.array(question, { minLength: 1, maxLength: 5 }),
})

/** What is answered; of rows that the order does not tell apart, whatever comes first. */
async function answer(reader: Reader, asked: Question): Promise<unknown> {
  if (asked.ask === 'blob') return (await reader.blob(asked.hash)) ?? null
  if (asked.ask === 'get') return (await reader.get(asked.table, asked.key)) ?? null
  const { table } = asked
  const query = asked.query as RowQuery<StageRow>
  const rows = (await reader.list(table, query as object)) as readonly StageRow[]
  const isOnlyOrder = query.orderBy === undefined || query.orderBy === 'id'
  if (asked.ask === 'values') {
    const values = (await reader.values(table, asked.column as never, query as object)) as readonly unknown[]
    // They are those of the list, whatever that is; and the list is asked for as such.
    expect(values).toEqual(rows.map((row) => row[asked.column as Column]))
    return isOnlyOrder ? values : values.length
  }
  if (isOnlyOrder) return rows
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  for (const row of rows) expect(await reader.get(table, row.id)).toEqual(row)
  return rows.map((row) => row[query.orderBy as Column])
}

async function isAnsweredAlike(
  store: Store,
  before: readonly Write[],
  parts: readonly Part[],
): Promise<void> {
  const by = { actor: 'tester', via: 'library' } as const
  const commit = (events: readonly NewEvent[], hashes: readonly string[] = []): Promise<unknown> =>
    store.transact({
      name: 'context.change',
      keys: [],
      by,
      blobs: hashes.map((hash) => ({ hash, body: `text ${hash}` })),
      load: async () => undefined,
      decide: () => ({ events }),
    })
  await commit(written(before))
  const answers = await store.read(async (reader) => {
    const rows = new Rows(reader, anyRows, 0, by)
    const all: unknown[] = []
    for (const { writes, blobs, questions } of parts) {
      rows.keep(blobs.map((hash) => ({ hash, body: `text ${hash}` })))
      await rows.apply(written(writes))
      for (const each of questions) all.push(await answer(rows, each))
    }
    return all
  })
  const expected: unknown[] = []
  for (const { writes, blobs, questions } of parts) {
    await commit(written(writes), blobs)
    expected.push(
      ...(await store.read(async (reader) => {
        const all: unknown[] = []
        for (const each of questions) all.push(await answer(reader, each))
        return all
      })),
    )
  }
  expect(answers).toEqual(expected)
}

describe('the rows that a transaction of runs sees', () => {
  const stores = {
    memory: async () => openMemoryStore({ projection: anyRows, clock: new ManualClock() }),
    sqlite: (folder: string) =>
      openSqliteStore({
        path: join(folder, 'atelier.db'),
        projection: anyRows,
        clock: new ManualClock(),
      }),
  }

  it.each(['memory', 'sqlite'] as const)(
    'are those that %s has after the same writes, whatever is read in between (A42)',
    async (kind) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(write, { maxLength: 30 }),
          fc.array(part, { minLength: 1, maxLength: 6 }),
          async (before, parts) => {
            const folder = mkdtempSync(join(tmpdir(), 'atelier-rows-'))
            const store = await stores[kind](folder)
            try {
              await isAnsweredAlike(store, before, parts)
            } finally {
              await store.close()
              rmSync(folder, { recursive: true })
            }
          },
        ),
        { numRuns: kind === 'memory' ? 500 : 40 },
      )
    },
  )
})

it('a run whose rows are fewer than it counts says so, instead of asking for them without end', async () => {
  const clock = new ManualClock()
  const store = openMemoryStore({ projection: anyRows, clock })
  const definition = packDefinition(workflow([work('build')]))
  const data = { run: 'r1', workflow: 'feature', definition: definition.hash, inputs: '{}', change: 'r1' }
  const parent = { parentRun: null, parentStage: null, parentRound: null, parentIndex: null, total: 1 }
  const run = { ...startedRun({ data: { ...data, ...parent }, at: 0, actor: 'tester' }), queued: 3 }
  await store.write([], definition.blobs)
  const asked = store.read(async (reader) =>
    advanceRun(reader, {
      run,
      definition: await definitionBy(reader, definition.hash),
      happening: { on: 'resumed' },
      now: 0,
    }),
  )
  await expect(asked).rejects.toMatchObject({ code: 'store_corrupt', details: { run: 'r1' } })
})
