import { TABLES, type ColumnType } from '../../table-specs.ts'
import type { TableName } from '../../tables.ts'

/** A table's specification with plain names, for code that builds SQL for any of them. */
export interface TableShape {
  readonly key: readonly string[]
  readonly columns: Readonly<Record<string, ColumnType>>
  readonly indexes: Readonly<Record<string, IndexShape>>
}

export interface IndexShape {
  readonly columns: readonly string[]
  readonly where?: readonly [column: string, value: string | number]
}

export const SHAPES: Readonly<Record<TableName, TableShape>> = TABLES
