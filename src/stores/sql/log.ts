/** The log of events and the blobs as SQL. */
import {
  bringUp,
  EVENT_VERSIONS,
  type AtelierEvent,
  type EventEnvelope,
  type Identity,
  type NewEvent,
} from '../../events.ts'
import type { EventQuery } from '../../store.ts'
import {
  limitTo,
  parameters,
  type MaybePromise,
  type SqlConnection,
  type SqlRow,
  type SqlValue,
  type Statement,
} from './connection.ts'
import type { BoundStatement } from './table.ts'

const APPEND: Statement = {
  text: `INSERT INTO "event" ("at", "type", "version", "actor", "via", "data") VALUES (${parameters(6)})`,
}
export const LAST_SEQ: Statement = { text: `SELECT max("seq") FROM "event"` }
const GET_BLOB: Statement = { text: `SELECT "body" FROM "blob" WHERE "hash" = $1` }
const PUT_BLOB: Statement = {
  text: `INSERT INTO "blob" ("hash", "body") VALUES ($1, $2) ON CONFLICT ("hash") DO NOTHING`,
}

const queries = new Map<string, Statement>()

/** Appends a decided event; `seq` comes from the database. */
export function appendEvent(
  connection: SqlConnection,
  { type, data }: NewEvent,
  at: number,
  { actor, via }: Identity,
): MaybePromise<AtelierEvent> {
  const version = EVENT_VERSIONS[type]
  const stored = (seq: number): AtelierEvent => ({ type, data, seq, at, actor, via, version }) as AtelierEvent
  const seq = connection.append(APPEND, [at, type, version, actor, via, JSON.stringify(data)])
  return typeof seq === 'number' ? stored(seq) : seq.then(stored)
}

/** Keeps a text; one that is there already has the same hash and stays. */
export function putBlob(connection: SqlConnection, hash: string, body: string): MaybePromise<unknown> {
  return connection.run(PUT_BLOB, [hash, body])
}

export async function blobOf(connection: SqlConnection, hash: string): Promise<string | undefined> {
  const row = await connection.first(GET_BLOB, [hash])
  return row?.[0] as string | undefined
}

/** The number of the newest event; 0 if there is none. */
export async function lastSeqOf(connection: SqlConnection): Promise<number> {
  return seqIn(await connection.first(LAST_SEQ, []))
}

/** The newest number as {@link LAST_SEQ} answers it. */
export function seqIn(row: SqlRow | undefined): number {
  return (row?.[0] as number | null | undefined) ?? 0
}

/** Events in order of commit, as the query asks. */
export async function eventsOf(
  connection: SqlConnection,
  query: EventQuery,
): Promise<readonly AtelierEvent[]> {
  const { statement, values } = selectEvents(query)
  const events = (await connection.all(statement, values)).map(decodeEvent)
  return query.last === undefined ? events : events.reverse()
}

function selectEvents({ after, last, limit, types }: EventQuery): BoundStatement {
  const values: SqlValue[] = []
  const conditions: string[] = []
  if (after !== undefined) conditions.push(`"seq" > $${values.push(after)}`)
  if (types !== undefined) {
    // `IN ()` is no Postgres; a list of nothing matches nothing.
    conditions.push(
      types.length === 0 ? '1 = 0' : `"type" IN (${parameters(types.length, values.length + 1)})`,
    )
    values.push(...types)
  }
  let text = 'SELECT "seq", "at", "type", "version", "actor", "via", "data" FROM "event"'
  if (conditions.length > 0) text += ` WHERE ${conditions.join(' AND ')}`
  text += ` ORDER BY "seq"${last === undefined ? '' : ' DESC'}`
  const most = Math.min(last ?? Infinity, limit ?? Infinity)
  if (Number.isFinite(most)) text += limitTo(values.push(most))
  let statement = queries.get(text)
  if (statement === undefined) queries.set(text, (statement = { text }))
  return { statement, values }
}

function decodeEvent([seq, at, type, version, actor, via, data]: SqlRow): AtelierEvent {
  const envelope = { seq, at, actor, via, version } as EventEnvelope
  const body = bringUp(type as string, version as number, JSON.parse(data as string))
  return { type, data: body, ...envelope } as AtelierEvent
}
