/** What must be true after any chaos on a board: read from git, from the log of turns and from the store's own file. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AtelierEvent } from '../src/events.ts'
import { projection } from '../src/projection.ts'
import { openSqliteStore } from '../src/stores/sqlite/store.ts'
import { systemClock } from '../src/time/system-clock.ts'
import { fileOf, hardshipOf, itemId, lineOf, turnLog, type TurnLine } from './board-items.ts'
import { gitIn, projectIn } from './board-project.ts'
import { checkDatabase, compareWithReplay, databaseOf, lines } from './verify.ts'

/**
 * @param count items of the board
 * @returns what is wrong; nothing if all is well
 */
export async function verifyBoard(dir: string, count: number): Promise<string[]> {
  const project = projectIn(dir)
  const path = databaseOf(project)
  const wrong = [...checkDatabase(path), ...checkRepository(project), ...checkFiles(project, count)]
  const store = await openSqliteStore({ path, projection, clock: systemClock })
  try {
    const events = await store.events({ after: 0, limit: 1_000_000 })
    wrong.push(...checkMerges(project, count, acceptedIn(events)))
    wrong.push(...checkEvents(dir, count, events))
    await store.read(async (reader) => {
      for (const state of ['queued', 'taken', 'intended', 'held'] as const)
        for (const { id, item } of await reader.list('merge', { where: { state } }))
          wrong.push(`the merge ${id} of ${item} is still ${state}`)
      for (const { id, item } of await reader.list('attempt', { where: { state: 'running' } }))
        wrong.push(`the attempt ${id} of ${item} still runs`)
      for (const { id, state } of await reader.list('item'))
        if (id.startsWith('item-') && state !== 'done') wrong.push(`${id} is ${state}`)
      for (const { id, state } of await reader.list('change'))
        if (state !== 'merged') wrong.push(`the change ${id} is ${state}`)
      for (const { id } of await reader.list('turn', { where: { state: 'running' } }))
        wrong.push(`the turn ${id} still runs`)
      for (const { id } of await reader.list('host')) wrong.push(`the host ${id} is still there`)
    })
    wrong.push(...(await compareWithReplay(store, events)))
  } finally {
    await store.close()
  }
  return wrong
}

/** Sound, with one working tree that is as committed, and no branch, ref or lock that a dead program left. */
function checkRepository(project: string): string[] {
  const wrong: string[] = []
  try {
    gitIn(project, 'fsck', '--strict', '--no-dangling')
  } catch (error) {
    wrong.push(`git fsck: ${String(error)}`)
  }
  const trees = gitIn(project, 'worktree', 'list').trim().split('\n')
  for (const tree of trees.slice(1)) wrong.push(`a worktree is left: ${tree}`)
  for (const name of readdirSync(join(project, '.atelier', 'state', 'worktrees')))
    if (name !== '.gitignore') wrong.push(`a folder is left among the worktrees: ${name}`)
  const status = gitIn(project, 'status', '--porcelain', '--untracked-files=no').trim()
  if (status !== '') wrong.push(`the tree is not as committed: ${status}`)
  const branches = gitIn(project, 'for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/atelier/changes')
  for (const ref of branches.trim().split('\n'))
    if (ref !== 'refs/heads/main') wrong.push(`a ref is left: ${ref}`)
  for (const file of readdirSync(join(project, '.git'), { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.lock')) wrong.push(`a lock is left: .git/${file}`)
  return wrong
}

/** The target holds the line of each item once, and nothing that a reader wrote. */
function checkFiles(project: string, count: number): string[] {
  const wrong: string[] = []
  for (let n = 0; n < count; n++) {
    const isReader = hardshipOf(n) === 'reviews'
    const times = lines(join(project, fileOf(n))).filter((line) => line === lineOf(n)).length
    if (times !== (isReader ? 0 : 1)) wrong.push(`the target holds the line of ${itemId(n)} ${times} times`)
    if (isReader && lines(join(project, fileOf(n))).length > 0) wrong.push(`${itemId(n)} has written`)
  }
  return wrong
}

/** The attempt that counts for each item, and when it came to count. */
function acceptedIn(events: readonly AtelierEvent[]): Map<string, { attempt: string; at: number }[]> {
  const accepted = new Map<string, { attempt: string; at: number }[]>()
  for (const { type, data, at } of events) {
    if (type !== 'item.done') continue
    accepted.set(data.item, [...(accepted.get(data.item) ?? []), { attempt: data.attempt, at }])
  }
  return accepted
}

/** Each item that changed something came to the target once, by the attempt that counts. */
function checkMerges(
  project: string,
  count: number,
  accepted: ReadonlyMap<string, readonly { readonly attempt: string }[]>,
): string[] {
  const format =
    '%(trailers:key=Atelier-Item,valueonly,separator=) %(trailers:key=Atelier-Attempt,valueonly,separator=)'
  const merged = gitIn(project, 'log', '--first-parent', `--format=${format}`, 'main')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([item]) => item !== '' && item !== undefined)
  const wrong: string[] = []
  for (let n = 0; n < count; n++) {
    if (hardshipOf(n) === 'reviews') continue
    const attempts = merged.filter(([item]) => item === itemId(n)).map(([, attempt]) => attempt)
    if (attempts.length !== 1)
      wrong.push(`${itemId(n)} came to the target ${attempts.length} times: ${attempts.join(', ')}`)
    const [counts] = accepted.get(itemId(n)) ?? []
    if (counts !== undefined && attempts.length === 1 && attempts[0] !== counts.attempt)
      wrong.push(`${itemId(n)} is done by ${counts.attempt}, and the target has ${attempts[0]}`)
    const [by] = lines(join(project, `${itemId(n)}.by`))
    if (by !== attempts.at(-1)) wrong.push(`the target has the files of ${by} for ${itemId(n)}`)
  }
  return wrong
}

/** Each item was accepted once, and nobody was paid for it afterwards. */
function checkEvents(dir: string, count: number, events: readonly AtelierEvent[]): string[] {
  const wrong: string[] = []
  const accepted = acceptedIn(events)
  for (let n = 0; n < count; n++) {
    const times = accepted.get(itemId(n))?.length ?? 0
    if (times !== 1) wrong.push(`${itemId(n)} was accepted ${times} times`)
  }
  const turns = lines(turnLog(dir)).map((line) => JSON.parse(line) as TurnLine)
  for (const { item, attempt, at } of turns) {
    const done = accepted.get(item)?.[0]
    if (done !== undefined && at > done.at)
      wrong.push(`${attempt} ran a turn for ${item}, which was accepted`)
  }
  const ran = new Set(turns.map(({ item, attempt }) => `${item} ${attempt}`))
  for (const [item, times] of accepted) {
    // What a person has done is verified once, and no agent is asked about it.
    if (item.startsWith('own-')) {
      if (times.length !== 1) wrong.push(`${item} was accepted ${times.length} times`)
      continue
    }
    for (const { attempt } of times)
      if (!ran.has(`${item} ${attempt}`)) wrong.push(`${item} was accepted of ${attempt}, which never ran`)
  }
  return wrong
}
