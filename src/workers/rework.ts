/** Gives work back that does not come to its target: to its owner, and after so many rounds to whoever answers the inbox. */
import type { ItemRow } from '../board/item.ts'
import { decideMergeBack, isExhausted, REWORK_ANSWERS, type ReworkPolicy } from '../board/rework.ts'
import type { Decided } from '../board/posting.ts'
import type { ErrorData } from '../errors.ts'
import { PERSON, type RequestRow } from '../inbox/request.ts'
import type { ParsedRequest } from '../inbox/request-schema.ts'
import { changeRef } from '../integration/ref-names.ts'
import { canonicalJson, type Json } from '../json.ts'
import type { Reader } from '../store.ts'
import { ask, type InboxSubject } from '../team/inbox.ts'
import { commit, unpackText, type TeamContext } from '../team/context.ts'
import { definitionOf, unknownItem } from './rows.ts'

/** Who asks where nobody in particular does. */
const ENGINE = 'atelier'

/** Facts of an error that a person decides by. */
const FACTS = ['files', 'with', 'commit', 'command', 'exitCode', 'tail', 'logFile'] as const

/** A merge that was refused. */
export interface RefusedMerge {
  readonly attempt: string
  readonly error: ErrorData
}

/**
 * Gives an item back whose merge was refused. After its rounds it waits for an answer, asked for in the same commit.
 * @throws AtelierError `invalid_transition` where somebody else has settled or taken it meanwhile
 */
export async function sendBack(team: TeamContext, id: string, refused: RefusedMerge): Promise<void> {
  const facts = await team.store.read(async (reader) => {
    const item = await reader.get('item', id)
    if (item === undefined) return undefined
    const { rework } = await definitionOf(reader, item)
    return { item, rework, head: (await reader.get('change', item.change))?.head ?? null }
  })
  if (facts === undefined) return
  const { rework } = facts
  if (rework === null || !isExhausted(facts.item, rework)) return returnToOwner(team, id, refused)
  const request = requestOf(facts.item, refused.error, { ...facts, rework })
  await ask({ team }, request, { askedBy: ENGINE, subject: sentBack(id, refused) })
}

async function returnToOwner(team: TeamContext, id: string, refused: RefusedMerge): Promise<void> {
  await commit(team.store, {
    name: 'item.settle',
    keys: ['board'],
    by: team.by,
    load: (reader) => reader.get('item', id),
    decide: (item): Decided =>
      item === undefined
        ? { refused: unknownItem(id, []) }
        : decideMergeBack(item, { ...refused, waiting: null }),
  })
}

/** The item waits for the request from the same commit on. */
function sentBack(id: string, refused: RefusedMerge): InboxSubject {
  return {
    async load(reader) {
      const item = await reader.get('item', id)
      return (request) => {
        if (item === undefined) return { refused: unknownItem(id, []) }
        // Another host that looks after the same merge was quicker.
        const { waiting } = item
        if (waiting?.for === 'answer' && waiting.id === request) return { events: [] }
        return decideMergeBack(item, { ...refused, waiting: { for: 'answer', id: request } })
      }
    },
  }
}

function requestOf(
  { id, title, change, mergeRounds }: ItemRow,
  { code, message, details = {} }: ErrorData,
  { head, rework }: { readonly head: string | null; readonly rework: ReworkPolicy },
): ParsedRequest {
  const facts = Object.fromEntries(
    FACTS.flatMap((name) => (details[name] === undefined ? [] : [[name, details[name]]])),
  )
  const ref = changeRef(change)
  const where = head === null ? '' : ` Its work is ${head.slice(0, 10)}, kept as ${ref}.`
  const rounds = mergeRounds === 1 ? '1 round' : `${mergeRounds} rounds`
  return {
    kind: 'question',
    scope: 'item',
    subject: id,
    question: `"${id}" (${title}) still does not come to its target after ${rounds} of rework. ${message}${where}`,
    details: canonicalJson({ rework: { code, head, ref, rounds: mergeRounds, ...facts } as Json }),
    defaultAnswer: rework.default === null ? null : canonicalJson(rework.default),
    options: REWORK_ANSWERS,
    whoMayAnswer: [PERSON],
    withinMs: rework.withinMs,
  }
}

/** True for the question whether work that does not merge is to be tried again. */
export async function isAboutRework(
  reader: Reader,
  { kind, askedBy, details }: Pick<RequestRow, 'kind' | 'askedBy' | 'details'>,
): Promise<boolean> {
  if (kind !== 'question' || askedBy !== ENGINE || details === null) return false
  return 'rework' in (JSON.parse(await unpackText(reader, details)) as object)
}
