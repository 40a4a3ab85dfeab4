/** Reads the part of the inbox that a decision or a view rests on. */
import type { Answerer } from '../inbox/answering.ts'
import type { RequestRow, RequestScope } from '../inbox/request.ts'
import { errorData, type ErrorData } from '../errors.ts'
import type { Identity } from '../events.ts'
import { headOf } from '../json.ts'
import type { Reader } from '../store.ts'

const PREFIX = 'ask_'
/** Ids that an error about an ambiguous one names. */
const NAMED = 5
/** Ids are random: with fewer characters the next request could be meant as well. */
const SHORTEST_ID = 3

/** Open requests about something, oldest first. */
export async function openAbout(
  reader: Reader,
  scope: RequestScope,
  subject: string,
): Promise<readonly RequestRow[]> {
  const rows = await reader.list('inbox', { where: { subject, state: 'open' }, orderBy: 'askedAt' })
  return rows.filter((row) => row.scope === scope)
}

/** Finds a request by its id, or by the beginning of it, with or without `ask_`. */
export async function lookUpRequest(
  reader: Reader,
  given: string,
): Promise<{ readonly row: RequestRow } | { readonly refused: ErrorData }> {
  const short = given.startsWith(PREFIX) ? given.slice(PREFIX.length) : given
  const id = `${PREFIX}${short}`
  // What a run asks is named after its stage.
  const exact = (await reader.get('inbox', id)) ?? (await reader.get('inbox', given))
  if (exact !== undefined) return { row: exact }
  const isEnough = short.length >= SHORTEST_ID
  const next = isEnough ? await reader.list('inbox', { orderBy: 'id', after: id, limit: NAMED }) : []
  const [row, ...others] = next.filter((each) => each.id.startsWith(id))
  if (row === undefined) return { refused: unknownRequest(given) }
  return others.length === 0 ? { row } : { refused: ambiguous(given, [row, ...others]) }
}

function unknownRequest(given: string): ErrorData {
  const request = headOf(given, 80)
  return errorData(
    'not_found',
    `There is no request "${request}". Give its id, or at least the first ${SHORTEST_ID} characters after "${PREFIX}". Look at what waits with: inbox`,
    { request },
  )
}

function ambiguous(given: string, rows: readonly RequestRow[]): ErrorData {
  const ids = rows.map(({ id }) => id)
  return errorData(
    'invalid_input',
    `"${given}" is the beginning of several requests: ${ids.join(', ')}. Give more of the id. Nothing was changed.`,
    { field: 'id', requests: ids },
  )
}

/** What kind of actor answers: an agent of the team, a host, or else a person or their program. */
export async function answererOf(reader: Reader, { actor, via }: Identity): Promise<Answerer> {
  if (via === 'host') return { actor, kind: 'host' }
  const agent = await reader.get('agent', actor)
  return { actor, kind: agent?.state === 'active' ? 'agent' : 'person' }
}
