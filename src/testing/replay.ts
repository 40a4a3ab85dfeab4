import type { AtelierEvent } from '../events.ts'
import type { Projection, RowOf, Store } from '../store.ts'
import { TABLES } from '../table-specs.ts'
import type { TableName } from '../tables.ts'

/** The rows of each projected table in order of their key; tables without rows are left out. */
export type ProjectedRows = Readonly<Partial<Record<TableName, readonly object[]>>>

/**
 * The rows that follow from a log alone: what a store must hold after these events.
 * @throws Error if the projection looks up a row that its `reads` did not name
 */
export function replay(events: readonly AtelierEvent[], projection: Projection): ProjectedRows {
  const tables = new Map<TableName, Map<string, object>>()
  for (const event of events) {
    const named = new Set(projection.reads(event).map(({ table, key }) => `${table} ${key}`))
    const changes = projection.apply(event, <T extends TableName>(table: T, key: string) => {
      if (!named.has(`${table} ${key}`)) {
        throw new Error(`${event.type} looks up ${table} "${key}", which reads() does not name.`)
      }
      return tables.get(table)?.get(key) as RowOf<T> | undefined
    })
    for (const { table, key, row } of changes) {
      let rows = tables.get(table)
      if (rows === undefined) tables.set(table, (rows = new Map<string, object>()))
      const name = typeof key === 'string' ? key : key.join('\0')
      if (row === null) rows.delete(name)
      else rows.set(name, row)
    }
  }
  const byKey = ([a]: [string, object], [b]: [string, object]): number =>
    Buffer.compare(Buffer.from(a), Buffer.from(b))
  return Object.fromEntries(
    [...tables]
      .filter(([, rows]) => rows.size > 0)
      .map(([table, rows]) => [table, [...rows].toSorted(byKey).map(([, row]) => row)]),
  )
}

/** The rows of projected tables that a store holds, in the form of {@link replay}. */
export function projectedRows(store: Store): Promise<ProjectedRows> {
  return store.read(async (reader) => {
    const tables: Partial<Record<TableName, readonly object[]>> = {}
    for (const table of Object.keys(TABLES) as TableName[]) {
      if (TABLES[table].kind !== 'projected') continue
      const rows = await reader.list(table)
      if (rows.length > 0) tables[table] = rows
    }
    return tables
  })
}
