/** How every table is keyed and indexed: what each store makes its own from. */
import type { OperationalTable, TableName, Tables } from './tables.ts'

export type ColumnType = 'text' | 'integer' | 'json'

export interface IndexSpec<Row> {
  readonly columns: readonly (keyof Row & string)[]
  /** Only rows with this value in this column are indexed. */
  readonly where?: readonly [column: keyof Row & string, value: string | number]
}

export interface TableSpec<Row, Kind = 'projected' | 'operational'> {
  readonly kind: Kind
  readonly key: readonly (keyof Row & string)[]
  /** Every column; nullability is not enforced by the database. */
  readonly columns: Readonly<Record<keyof Row & string, ColumnType>>
  readonly indexes: Readonly<Record<string, IndexSpec<Row>>>
}

/** The shape of every table, from which each store makes its own. */
export const TABLES: {
  readonly [T in TableName]: TableSpec<Tables[T], T extends OperationalTable ? 'operational' : 'projected'>
} = {
  agent: {
    kind: 'projected',
    key: ['name'],
    columns: {
      name: 'text',
      state: 'text',
      generation: 'integer',
      profile: 'text',
      backend: 'text',
      model: 'text',
      account: 'text',
      definition: 'text',
      session: 'json',
      queued: 'integer',
      turn: 'text',
      ready: 'integer',
      cursor: 'integer',
      turns: 'integer',
      last: 'text',
      createdAt: 'integer',
    },
    indexes: { ready: { columns: ['name'], where: ['ready', 1] } },
  },
  message: {
    kind: 'projected',
    key: ['id'],
    columns: {
      id: 'text',
      agent: 'text',
      generation: 'integer',
      kind: 'text',
      state: 'text',
      position: 'integer',
      from: 'text',
      prompt: 'json',
      group: 'text',
      timeoutMs: 'integer',
      attempts: 'integer',
      turn: 'text',
      answer: 'json',
      error: 'json',
      postedAt: 'integer',
      settledAt: 'integer',
    },
    indexes: { mailbox: { columns: ['agent', 'position'] } },
  },
  turn: {
    kind: 'projected',
    key: ['id'],
    columns: {
      id: 'text',
      message: 'text',
      agent: 'text',
      profile: 'text',
      generation: 'integer',
      attempt: 'integer',
      host: 'text',
      state: 'text',
      session: 'json',
      begins: 'json',
      promptHash: 'text',
      startedAt: 'integer',
      endedAt: 'integer',
      usage: 'json',
      reservedMicros: 'integer',
      costMicros: 'integer',
      costSource: 'text',
      modelTurns: 'integer',
      failure: 'json',
    },
    indexes: { running: { columns: ['id'], where: ['state', 'running'] } },
  },
  ledger: {
    kind: 'projected',
    key: ['scope'],
    columns: {
      scope: 'text',
      limitMicros: 'integer',
      limitSetAt: 'integer',
      baselineMicros: 'integer',
      spentMicros: 'integer',
      assumedMicros: 'integer',
      turns: 'integer',
      assumedTurns: 'integer',
      inputTokens: 'integer',
      outputTokens: 'integer',
      recentMicros: 'json',
    },
    indexes: {},
  },
  account: {
    kind: 'projected',
    key: ['account'],
    columns: { account: 'text', limitedUntil: 'integer', reason: 'text', since: 'integer' },
    indexes: {},
  },
  profile: {
    kind: 'projected',
    key: ['name'],
    columns: { name: 'text', definition: 'text', definedAt: 'integer' },
    indexes: {},
  },
  schedule: {
    kind: 'projected',
    key: ['agent'],
    columns: {
      agent: 'text',
      prompt: 'json',
      intervalMs: 'integer',
      nextAt: 'integer',
      ticks: 'integer',
      skipped: 'integer',
      createdAt: 'integer',
    },
    indexes: { due: { columns: ['nextAt'] } },
  },
  context: {
    kind: 'projected',
    key: ['key'],
    columns: { key: 'text', value: 'json', version: 'integer', by: 'text', updatedAt: 'integer' },
    indexes: {},
  },
  host: {
    kind: 'operational',
    key: ['id'],
    columns: {
      id: 'text',
      kind: 'text',
      state: 'text',
      machine: 'text',
      pid: 'integer',
      pidStart: 'text',
      backends: 'json',
      startedAt: 'integer',
      expiresAt: 'integer',
      idleExitMs: 'integer',
    },
    indexes: {},
  },
  transcript: {
    kind: 'operational',
    key: ['turn', 'n'],
    columns: { turn: 'text', n: 'integer', at: 'integer', kind: 'text', body: 'json' },
    indexes: {},
  },
}
