/**
 * The least that SQLite must do for claiming items and settling them: the same events and rows in the
 * same tables, with the same durability, one commit for each step, and nothing around them. Which item
 * is next, and what depends on it, is kept in memory. See floors.mjs for what counts as needed;
 * test/bench/board-floor.test.ts compares it with the product.
 */
import { APPEND_EVENT, BEGIN, COMMIT, newId, openFile, put } from './floors.mjs'

const OWNER = 'worker'
const HOST = 'host_m95n6ff8nn8ksrkn'
const RESULT = 'done'
/** Makes a place in the queue of the time at which an item became ready. */
const NORMAL_PRIORITY_MS = 3 * 4 * 60 * 60_000

const CLAIM_ITEM =
  'UPDATE "item" SET "state" = ?, "phase" = ?, "attempt" = ?, "attempts" = ?, "owner" = ?, "revision" = ?, "claimedAt" = ? WHERE "id" = ?'
const START_ITEM = 'UPDATE "item" SET "phase" = ?, "revision" = ?, "startedAt" = ? WHERE "id" = ?'
const SETTLE_ITEM =
  'UPDATE "item" SET "state" = ?, "phase" = ?, "result" = ?, "revision" = ?, "settledAt" = ? WHERE "id" = ?'
const READY_ITEM =
  'UPDATE "item" SET "state" = ?, "waiting" = ?, "unmet" = ?, "rank" = ?, "readyAt" = ?, "revision" = ? WHERE "id" = ?'
const RELEASE_ITEM = 'UPDATE "item" SET "unmet" = ?, "revision" = ? WHERE "id" = ?'
const END_ATTEMPT = 'UPDATE "attempt" SET "state" = ?, "endedAt" = ? WHERE "id" = ?'

/**
 * Opens a new database with a board on it, each item behind those that it depends on.
 *
 * @param {string} path - of a file that does not exist
 * @param {readonly { id: string, dependsOn: readonly string[] }[]} items
 */
export function openBoardFloor(path, items) {
  const database = openFile(path)
  const begin = database.prepare(BEGIN)
  const commit = database.prepare(COMMIT)
  const appendEvent = database.prepare(APPEND_EVENT)
  const putAttempt = database.prepare(put('attempt', 'id'))
  const claimItem = database.prepare(CLAIM_ITEM)
  const startItem = database.prepare(START_ITEM)
  const settleItem = database.prepare(SETTLE_ITEM)
  const readyItem = database.prepare(READY_ITEM)
  const releaseItem = database.prepare(RELEASE_ITEM)
  const endAttempt = database.prepare(END_ATTEMPT)

  /** What is known of each item. */
  const board = new Map(items.map(({ id, dependsOn }) => [id, newItem(dependsOn.length)]))
  for (const { id, dependsOn } of items) for (const each of dependsOn) board.get(each).dependents.push(id)
  const ready = items.filter(({ dependsOn }) => dependsOn.length === 0).map(({ id }) => id)

  const postItem = database.prepare(
    `INSERT INTO "item" ("id", "title", "type", "state", "waiting", "priority", "value", "minExpertise", "definition", "dependsOn", "unmet", "estimateMs", "path", "rank", "readyAt", "touches", "change", "attempts", "losses", "mergeRounds", "retryCount", "verified", "revision", "postedBy", "postedAt") VALUES (?, ?, 'code', ?, ?, 3, '1', 1, ?, ?, ?, 100, 100, ?, ?, '[]', ?, 0, 0, 0, 0, 0, ?, 'user', ?)`,
  )
  const putEdge = database.prepare('INSERT INTO "dependency" ("dependsOn", "item") VALUES (?, ?)')
  begin.run()
  for (const { id, dependsOn } of items) {
    const at = Date.now()
    const item = board.get(id)
    const isReady = dependsOn.length === 0
    postItem.run(
      id,
      id,
      isReady ? 'ready' : 'waiting',
      isReady ? null : '{"for":"dependencies"}',
      DEFINITION,
      JSON.stringify(dependsOn),
      item.unmet,
      at + NORMAL_PRIORITY_MS,
      isReady ? at : null,
      id,
      item.revision,
      at,
    )
    for (const each of dependsOn) putEdge.run(each, id)
  }
  commit.run()

  /** Takes the next item: one commit. Undefined if none is ready. */
  function claim() {
    const id = ready.shift()
    if (id === undefined) return undefined
    const item = board.get(id)
    item.attempt = newId('att')
    const at = Date.now()
    const data = { item: id, attempt: item.attempt, number: 1, owner: OWNER, host: HOST, slot: 0, tree: null }
    begin.run()
    const seq = Number(
      appendEvent.run(at, 'item.claimed', 1, OWNER, 'host', JSON.stringify(data)).lastInsertRowid,
    )
    claimItem.run('running', 'claimed', item.attempt, 1, OWNER, ++item.revision, at, id)
    putAttempt.run(item.attempt, id, 1, OWNER, HOST, 0, null, seq, 'running', at, null, null)
    commit.run()
    return id
  }

  /** Says that work on a claimed item has begun: one commit. */
  function start(id) {
    const item = board.get(id)
    const at = Date.now()
    begin.run()
    appendEvent.run(
      at,
      'item.started',
      1,
      'user',
      'library',
      JSON.stringify({ item: id, attempt: item.attempt }),
    )
    startItem.run('executing', ++item.revision, at, id)
    commit.run()
  }

  /** Settles a claimed item, and makes ready what waited only for it: one commit. */
  function complete(id) {
    const { attempt, dependents, revision } = board.get(id)
    const at = Date.now()
    const append = (type, data) => appendEvent.run(at, type, 1, 'user', 'library', JSON.stringify(data))
    begin.run()
    append('attempt.ended', { attempt, item: id, outcome: 'done', error: null })
    append('item.done', {
      item: id,
      attempt,
      result: RESULT,
      verified: false,
      commit: null,
      released: dependents,
    })
    // The end of the attempt is a change of the item, too.
    settleItem.run('done', null, JSON.stringify(RESULT), revision + 2, at, id)
    for (const each of dependents) {
      const dependent = board.get(each)
      dependent.unmet--
      dependent.revision++
      if (dependent.unmet > 0) {
        releaseItem.run(dependent.unmet, dependent.revision, each)
        continue
      }
      append('item.readied', { item: each })
      readyItem.run('ready', null, 0, at + NORMAL_PRIORITY_MS, at, ++dependent.revision, each)
      ready.push(each)
    }
    endAttempt.run('done', at, attempt)
    commit.run()
  }

  return { claim, start, complete, close: () => database.close() }
}

/** The definition of an item for which nothing is said. */
const DEFINITION = JSON.stringify(
  '{"access":"write","agent":null,"fallback":[],"input":null,"maxCostUsd":null,"merge":"auto","metadata":null,"retry":{"attempts":3,"baseMs":1000,"factor":2,"jitter":0,"maxMs":60000,"simplifyOnLast":false},"rework":{"default":null,"rounds":3,"withinMs":null},"spec":null,"timeoutMs":null,"verify":[]}',
)

function newItem(unmet) {
  return { unmet, dependents: [], attempt: '', revision: unmet === 0 ? 2 : 1 }
}
