/** The heads of changes: rows that say where they are, and refs that keep git from collecting them. */
import { decideAdvance, type Advance, type Closing } from '../board/change.ts'
import { toError } from '../errors.ts'
import { crash } from '../failpoints.ts'
import { ENGINE_REFS, listRefs, moveRef, refValue } from '../git/refs.ts'
import type { GitPlace } from '../git/run.ts'
import type { TeamContext } from '../team/context.ts'
import { CHANGE_REFS, changeRef } from './ref-names.ts'

/**
 * Moves the head of a change to what an attempt made.
 * @throws AtelierError `conflict` if another attempt has moved it since this one started
 */
export async function advanceChange(team: TeamContext, place: GitPlace, advance: Advance): Promise<void> {
  const { change, head } = advance
  // Before the row says so: what a row names is there, whatever becomes of the attempt's branch.
  await pointAt(place, change, head)
  const result = await team.store.transact({
    name: 'change.advance',
    keys: [`change:${change}`],
    by: team.by,
    load: (reader) => reader.get('change', change),
    decide: (row) => decideAdvance(row, advance),
  })
  // Of two that came at once, the one that lost may have pointed the ref at its own head.
  const stands = result.ok ? head : result.loaded?.head
  if (stands !== undefined) await pointAt(place, change, stands)
  if (!result.ok) throw toError(result.refused)
}

/** Brings the refs in line with the rows, where a crash came between the two. */
export async function tendChangeRefs(team: TeamContext, place: GitPlace): Promise<void> {
  const rows = await team.store.read((reader) => reader.list('change'))
  const refs = await listRefs(place, CHANGE_REFS)
  const known = new Map(refs.map(({ ref, commit }) => [ref, commit]))
  for (const { id, head, state } of rows) {
    const at = known.get(changeRef(id))
    if (state === 'open' && at !== head) await bringInLine(team, place, id)
    if (state === 'merged' && at === head) await dropChangeRef(place, id, head)
    if (state === 'closed' && at === head) await setAside(team, place, id)
  }
}

/** Open changes for a target that came there within another one: what a run brought together, or a person merged. */
export async function changesWithin(
  team: TeamContext,
  place: GitPlace,
  target: string,
  commit: string,
): Promise<readonly Closing[]> {
  const refs = await listRefs(place, CHANGE_REFS, { within: commit })
  if (refs.length === 0) return []
  const heads = new Map(refs.map((one) => [one.ref, one.commit]))
  const open = await team.store.read((reader) => reader.list('change', { where: { state: 'open', target } }))
  return open
    .filter(({ id, head }) => heads.get(changeRef(id)) === head)
    .map(({ id, head }) => ({ change: id, head, commit }))
}

/** Nobody goes on with what is closed; a ref for saved work keeps it for people. */
export async function setAside(team: TeamContext, place: GitPlace, change: string): Promise<void> {
  const row = await team.store.read((reader) => reader.get('change', change))
  if (row?.state !== 'closed') return
  const { attempt, head } = row
  await moveRef(place, {
    ref: `${ENGINE_REFS}saved/${attempt}-change`,
    old: null,
    new: head,
    why: 'atelier: closed',
  })
  await dropChangeRef(place, change, head)
}

/** Looks again behind each move, as an attempt may have moved row and ref since the row was read. */
async function bringInLine(team: TeamContext, place: GitPlace, change: string): Promise<void> {
  let pointed: string | undefined
  for (;;) {
    const row = await team.store.read((reader) => reader.get('change', change))
    if (row === undefined) return
    if (row.state === 'merged') return dropChangeRef(place, change, pointed ?? row.head)
    if (row.head === pointed) return
    await pointAt(place, change, row.head)
    pointed = row.head
  }
}

/** Something else holds the head now. A ref that went on meanwhile stays. */
export async function dropChangeRef(place: GitPlace, change: string, head: string): Promise<void> {
  const ref = changeRef(change)
  if ((await refValue(place, ref)) === head)
    await moveRef(place, { ref, old: head, new: null, why: 'atelier: settled' })
}

async function pointAt(place: GitPlace, change: string, head: string): Promise<void> {
  const ref = changeRef(change)
  for (;;) {
    const old = (await refValue(place, ref)) ?? null
    if (old === head) return
    crash('git.change-ref.before')
    const { moved } = await moveRef(place, { ref, old, new: head, why: 'atelier: change' })
    crash('git.change-ref.after')
    if (moved) return
  }
}
