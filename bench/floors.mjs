/**
 * The least that SQLite must do for what the product does: the same rows in the same tables and
 * indexes, through the same statements, with the same durability, and nothing around them. Plain
 * JavaScript on `node:sqlite` alone. Written out by hand from what the product really creates and
 * runs; test/bench/floors.test.ts compares both, so that neither can drift from the other.
 *
 * What counts as needed: every event and row of the product's transactions, one commit for each
 * transaction, new random keys for new rows, and the JSON text of what differs from one message to
 * the next. What does not: reading rows back before they are changed, checks, waiting, waking.
 *
 * The last function is another floor: the least that ending processes takes.
 */
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

/** The product's tables and indexes, in order of creation. */
const SCHEMA = [
  'CREATE TABLE "meta" ("name" TEXT PRIMARY KEY, "value" TEXT NOT NULL)',
  'CREATE TABLE "blob" ("hash" TEXT PRIMARY KEY, "body" TEXT NOT NULL)',
  'CREATE TABLE "event" ("seq" INTEGER PRIMARY KEY, "at" INTEGER NOT NULL, "type" TEXT NOT NULL, "version" INTEGER NOT NULL, "actor" TEXT NOT NULL, "via" TEXT NOT NULL, "data" TEXT NOT NULL)',
  'CREATE TABLE "agent" ("name" TEXT, "state" TEXT, "generation" INTEGER, "profile" TEXT, "backend" TEXT, "model" TEXT, "account" TEXT, "definition" TEXT, "capabilities" TEXT, "session" TEXT, "queued" INTEGER, "turn" TEXT, "ready" INTEGER, "cursor" INTEGER, "turns" INTEGER, "last" TEXT, "createdAt" INTEGER, PRIMARY KEY ("name"))',
  'CREATE INDEX "agent_ready" ON "agent" ("name") WHERE "ready" = 1',
  'CREATE TABLE "message" ("id" TEXT, "agent" TEXT, "generation" INTEGER, "kind" TEXT, "state" TEXT, "position" INTEGER, "from" TEXT, "prompt" TEXT, "group" TEXT, "timeoutMs" INTEGER, "itemAttempt" TEXT, "attempts" INTEGER, "turn" TEXT, "costMicros" INTEGER, "answer" TEXT, "error" TEXT, "postedAt" INTEGER, "settledAt" INTEGER, PRIMARY KEY ("id"))',
  'CREATE INDEX "message_mailbox" ON "message" ("agent", "position")',
  `CREATE INDEX "message_attempt" ON "message" ("itemAttempt") WHERE "kind" = 'item'`,
  'CREATE TABLE "turn" ("id" TEXT, "message" TEXT, "agent" TEXT, "profile" TEXT, "generation" INTEGER, "attempt" INTEGER, "host" TEXT, "state" TEXT, "session" TEXT, "begins" TEXT, "promptHash" TEXT, "startedAt" INTEGER, "endedAt" INTEGER, "usage" TEXT, "reservedMicros" INTEGER, "costMicros" INTEGER, "costSource" TEXT, "modelTurns" INTEGER, "failure" TEXT, PRIMARY KEY ("id"))',
  `CREATE INDEX "turn_running" ON "turn" ("id") WHERE "state" = 'running'`,
  'CREATE TABLE "ledger" ("scope" TEXT, "limitMicros" INTEGER, "limitSetAt" INTEGER, "baselineMicros" INTEGER, "spentMicros" INTEGER, "assumedMicros" INTEGER, "turns" INTEGER, "assumedTurns" INTEGER, "inputTokens" INTEGER, "outputTokens" INTEGER, "recentMicros" TEXT, PRIMARY KEY ("scope"))',
  'CREATE TABLE "account" ("account" TEXT, "limitedUntil" INTEGER, "reason" TEXT, "since" INTEGER, PRIMARY KEY ("account"))',
  'CREATE TABLE "circuit" ("key" TEXT, "state" TEXT, "failures" INTEGER, "since" INTEGER, "probe" TEXT, PRIMARY KEY ("key"))',
  'CREATE TABLE "profile" ("name" TEXT, "definition" TEXT, "definedAt" INTEGER, PRIMARY KEY ("name"))',
  'CREATE TABLE "schedule" ("agent" TEXT, "prompt" TEXT, "intervalMs" INTEGER, "nextAt" INTEGER, "ticks" INTEGER, "skipped" INTEGER, "createdAt" INTEGER, PRIMARY KEY ("agent"))',
  'CREATE INDEX "schedule_due" ON "schedule" ("nextAt")',
  'CREATE TABLE "context" ("key" TEXT, "value" TEXT, "version" INTEGER, "by" TEXT, "updatedAt" INTEGER, PRIMARY KEY ("key"))',
  'CREATE TABLE "item" ("id" TEXT, "title" TEXT, "type" TEXT, "state" TEXT, "phase" TEXT, "waiting" TEXT, "priority" INTEGER, "value" TEXT, "deadline" INTEGER, "capability" TEXT, "minExpertise" INTEGER, "definition" TEXT, "dependsOn" TEXT, "unmet" INTEGER, "estimateMs" INTEGER, "path" INTEGER, "rank" INTEGER, "readyAt" INTEGER, "touches" TEXT, "change" TEXT, "run" TEXT, "stage" TEXT, "round" INTEGER, "index" INTEGER, "attempt" TEXT, "attempts" INTEGER, "ownTries" INTEGER, "losses" INTEGER, "mergeRounds" INTEGER, "retryCount" INTEGER, "owner" TEXT, "progress" TEXT, "result" TEXT, "error" TEXT, "verified" INTEGER, "flags" TEXT, "commit" TEXT, "revision" INTEGER, "postedBy" TEXT, "postedAt" INTEGER, "claimedAt" INTEGER, "startedAt" INTEGER, "settledAt" INTEGER, PRIMARY KEY ("id"))',
  `CREATE INDEX "item_ready" ON "item" ("type", "capability", "rank") WHERE "state" = 'ready'`,
  'CREATE TABLE "dependency" ("dependsOn" TEXT, "item" TEXT, PRIMARY KEY ("dependsOn", "item"))',
  'CREATE TABLE "attempt" ("id" TEXT, "item" TEXT, "number" INTEGER, "owner" TEXT, "host" TEXT, "slot" INTEGER, "tree" TEXT, "position" INTEGER, "state" TEXT, "startedAt" INTEGER, "endedAt" INTEGER, "error" TEXT, "submission" TEXT, "verifier" TEXT, PRIMARY KEY ("id"))',
  `CREATE INDEX "attempt_running" ON "attempt" ("id") WHERE "state" = 'running'`,
  'CREATE INDEX "attempt_item" ON "attempt" ("item", "position")',
  'CREATE TABLE "wake" ("item" TEXT, "at" INTEGER, PRIMARY KEY ("item"))',
  'CREATE INDEX "wake_due" ON "wake" ("at")',
  'CREATE TABLE "change" ("id" TEXT, "target" TEXT, "head" TEXT, "tree" TEXT, "base" TEXT, "state" TEXT, "merged" TEXT, "merges" INTEGER, "item" TEXT, "attempt" TEXT, PRIMARY KEY ("id"))',
  'CREATE TABLE "merge" ("id" TEXT, "item" TEXT, "attempt" TEXT, "change" TEXT, "target" TEXT, "mode" TEXT, "head" TEXT, "title" TEXT, "verified" INTEGER, "state" TEXT, "reason" TEXT, "message" TEXT, "host" TEXT, "ref" TEXT, "old" TEXT, "new" TEXT, "commit" TEXT, "error" TEXT, "round" INTEGER, "position" INTEGER, "requestedAt" INTEGER, "settledAt" INTEGER, PRIMARY KEY ("id"))',
  'CREATE INDEX "merge_state" ON "merge" ("state", "position")',
  'CREATE INDEX "merge_attempt" ON "merge" ("attempt")',
  'CREATE TABLE "inbox" ("id" TEXT, "kind" TEXT, "state" TEXT, "scope" TEXT, "subject" TEXT, "askedBy" TEXT, "question" TEXT, "details" TEXT, "options" TEXT, "whoMayAnswer" TEXT, "deadline" INTEGER, "defaultAnswer" TEXT, "answer" TEXT, "comment" TEXT, "answeredBy" TEXT, "answeredVia" TEXT, "askedAt" INTEGER, "settledAt" INTEGER, PRIMARY KEY ("id"))',
  `CREATE INDEX "inbox_open" ON "inbox" ("askedAt") WHERE "state" = 'open'`,
  'CREATE INDEX "inbox_subject" ON "inbox" ("subject", "askedAt")',
  `CREATE INDEX "inbox_due" ON "inbox" ("deadline") WHERE "state" = 'open'`,
  'CREATE TABLE "workflow" ("name" TEXT, "definition" TEXT, "shipped" INTEGER, "runs" INTEGER, "definedAt" INTEGER, PRIMARY KEY ("name"))',
  'CREATE TABLE "run" ("id" TEXT, "workflow" TEXT, "definition" TEXT, "state" TEXT, "inputs" TEXT, "change" TEXT, "parentRun" TEXT, "parentStage" TEXT, "parentRound" INTEGER, "parentIndex" INTEGER, "open" INTEGER, "busy" INTEGER, "escalated" INTEGER, "queued" INTEGER, "steps" INTEGER, "done" INTEGER, "failed" INTEGER, "skipped" INTEGER, "unhandled" INTEGER, "cancelled" INTEGER, "flawed" INTEGER, "total" INTEGER, "checkpoints" INTEGER, "checksum" TEXT, "reason" TEXT, "error" TEXT, "startedBy" TEXT, "startedAt" INTEGER, "settledAt" INTEGER, "revision" INTEGER, PRIMARY KEY ("id"))',
  'CREATE INDEX "run_workflow" ON "run" ("workflow", "startedAt")',
  'CREATE INDEX "run_state" ON "run" ("state", "startedAt")',
  'CREATE INDEX "run_parent" ON "run" ("parentRun", "startedAt")',
  'CREATE TABLE "stage" ("id" TEXT, "run" TEXT, "stage" TEXT, "state" TEXT, "position" INTEGER, "round" INTEGER, "waiting" TEXT, "tries" INTEGER, "unmet" INTEGER, "live" INTEGER, "broken" INTEGER, "size" INTEGER, "posted" INTEGER, "succeeded" INTEGER, "failures" INTEGER, "subject" TEXT, "tree" TEXT, "decision" TEXT, "flawed" INTEGER, "scores" TEXT, "best" INTEGER, "feedbackStage" TEXT, "feedbackRound" INTEGER, "outdated" INTEGER, "signal" TEXT, "wakeAt" INTEGER, "error" TEXT, "startedAt" INTEGER, "settledAt" INTEGER, PRIMARY KEY ("id"))',
  'CREATE INDEX "stage_state" ON "stage" ("run", "state", "position")',
  `CREATE INDEX "stage_due" ON "stage" ("wakeAt") WHERE "state" = 'open'`,
  'CREATE TABLE "host" ("id" TEXT, "kind" TEXT, "state" TEXT, "machine" TEXT, "pid" INTEGER, "pidStart" TEXT, "backends" TEXT, "startedAt" INTEGER, "expiresAt" INTEGER, "idleExitMs" INTEGER, PRIMARY KEY ("id"))',
  'CREATE TABLE "lease" ("item" TEXT, "attempt" TEXT, "actor" TEXT, "expiresAt" INTEGER, PRIMARY KEY ("item"))',
  'CREATE TABLE "worker" ("host" TEXT, "name" TEXT, "type" TEXT, "agents" TEXT, "intervalMs" INTEGER, "worktree" INTEGER, "finished" INTEGER, "recent" TEXT, "routing" TEXT, "weight" INTEGER, "selects" INTEGER, "minAgents" INTEGER, "maxAgents" INTEGER, "since" INTEGER, PRIMARY KEY ("host", "name"))',
  'CREATE TABLE "transcript" ("turn" TEXT, "n" INTEGER, "at" INTEGER, "kind" TEXT, "body" TEXT, PRIMARY KEY ("turn", "n"))',
]

/** The columns of a table, in order. */
function columnsOf(table) {
  const statement = SCHEMA.find((text) => text.startsWith(`CREATE TABLE "${table}"`))
  return [...statement.matchAll(/("\w+") (?:TEXT|INTEGER)/g)].map(([, column]) => column)
}

/** A new row, or all of one that is there. */
export function put(table, key) {
  const columns = columnsOf(table)
  const changes = columns
    .filter((column) => column !== `"${key}"`)
    .map((column) => `${column} = excluded.${column}`)
  return `INSERT INTO "${table}" (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')}) ON CONFLICT ("${key}") DO UPDATE SET ${changes.join(', ')}`
}

export const BEGIN = 'BEGIN IMMEDIATE'
export const COMMIT = 'COMMIT'
export const APPEND_EVENT =
  'INSERT INTO "event" ("at", "type", "version", "actor", "via", "data") VALUES (?, ?, ?, ?, ?, ?)'
const PUT_MESSAGE = put('message', 'id')
const PUT_TURN = put('turn', 'id')
const QUEUE_AGENT = 'UPDATE "agent" SET "queued" = ?, "ready" = ? WHERE "name" = ?'
const OCCUPY_AGENT = 'UPDATE "agent" SET "queued" = ?, "turn" = ?, "ready" = ?, "cursor" = ? WHERE "name" = ?'
const FREE_AGENT = 'UPDATE "agent" SET "session" = ?, "turn" = ?, "turns" = ?, "last" = ? WHERE "name" = ?'
const DELIVER_MESSAGE = 'UPDATE "message" SET "state" = ?, "attempts" = ?, "turn" = ? WHERE "id" = ?'
const ANSWER_MESSAGE =
  'UPDATE "message" SET "state" = ?, "costMicros" = ?, "answer" = ?, "settledAt" = ? WHERE "id" = ?'
const FINISH_TURN =
  'UPDATE "turn" SET "state" = ?, "session" = ?, "endedAt" = ?, "usage" = ?, "costMicros" = ?, "costSource" = ?, "modelTurns" = ? WHERE "id" = ?'
/** The first turn of a session is in it when it has ended. */
const FINISH_FIRST_TURN = FINISH_TURN.replace('"session" = ?', '"session" = ?, "begins" = NULL')
const CHARGE_LEDGER =
  'UPDATE "ledger" SET "assumedMicros" = ?, "turns" = ?, "assumedTurns" = ? WHERE "scope" = ?'

const NO_USAGE = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 }
const HOST = 'host_m95n6ff8nn8ksrkn'
const SESSION = 'ses_az9g599tg90f6ysf'
const PROMPT_HASH = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
/** Set aside for a turn, and charged for it, since the scripted turns name no cost. */
const COST_MICROS = 500_000

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Keys are random in the product, too: where a row goes in an index is part of its price. */
export function newId(prefix) {
  let id = `${prefix}_`
  for (let index = 0; index < 16; index++) id += ALPHABET[Math.floor(Math.random() * 32)]
  return id
}

/** The text of a JSON column. */
function textOf(value) {
  return value === null ? null : JSON.stringify(value)
}

/**
 * Makes a new database with the product's tables and its durability.
 *
 * @param {string} path - of a file that does not exist
 */
export function openFile(path) {
  const database = new DatabaseSync(path, { timeout: 0 })
  database.exec('PRAGMA journal_mode = WAL')
  database.exec(BEGIN)
  for (const statement of SCHEMA) database.exec(statement)
  database.exec(COMMIT)
  database.exec('PRAGMA journal_size_limit = 8000000')
  database.exec('PRAGMA synchronous = FULL')
  return database
}

/**
 * Opens a new database as the product does, with a team.
 *
 * @param {string} path - of a file that does not exist
 * @param {{ agents: readonly string[], cwd: string }} team
 */
export function openFloor(path, { agents, cwd }) {
  const database = openFile(path)
  const begin = database.prepare(BEGIN)
  const commit = database.prepare(COMMIT)
  const appendEvent = database.prepare(APPEND_EVENT)
  const putMessage = database.prepare(PUT_MESSAGE)
  const putTurn = database.prepare(PUT_TURN)
  const queueAgent = database.prepare(QUEUE_AGENT)
  const occupyAgent = database.prepare(OCCUPY_AGENT)
  const freeAgent = database.prepare(FREE_AGENT)
  const deliverMessage = database.prepare(DELIVER_MESSAGE)
  const answerMessage = database.prepare(ANSWER_MESSAGE)
  const finishTurn = database.prepare(FINISH_TURN)
  const finishFirstTurn = database.prepare(FINISH_FIRST_TURN)
  const chargeLedger = database.prepare(CHARGE_LEDGER)

  /** Turns that were answered, by agent. */
  const answered = new Map(agents.map((agent) => [agent, 0]))
  let allAnswered = 0

  begin.run()
  const putAgent = database.prepare(
    `INSERT INTO "agent" ("name", "state", "generation", "backend", "account", "definition", "capabilities", "queued", "ready", "cursor", "turns", "createdAt") VALUES (?, 'active', 1, 'scripted', 'scripted', ?, '[]', 0, 0, 0, 0, ?)`,
  )
  const putLedger = database.prepare(
    `INSERT INTO "ledger" ("scope", "baselineMicros", "spentMicros", "assumedMicros", "turns", "assumedTurns", "inputTokens", "outputTokens", "recentMicros") VALUES (?, 0, 0, 0, 0, 0, 0, 0, '[]')`,
  )
  for (const agent of agents) putAgent.run(agent, PROMPT_HASH, Date.now())
  for (const scope of ['global', ...agents.map((agent) => `agent:${agent}`)]) putLedger.run(scope)
  commit.run()

  /** The event and the row of a message. */
  function putPosted(message, agent, prompt, at) {
    const data = JSON.stringify({
      message,
      agent,
      backend: 'scripted',
      generation: 1,
      kind: 'ask',
      prompt,
      group: null,
      timeoutMs: null,
      itemAttempt: null,
    })
    const seq = Number(appendEvent.run(at, 'message.posted', 1, 'user', 'library', data).lastInsertRowid)
    putMessage.run(
      message,
      agent,
      1,
      'ask',
      'queued',
      seq,
      'user',
      JSON.stringify(prompt),
      null,
      null,
      null,
      0,
      null,
      0,
      null,
      null,
      at,
      null,
    )
    return seq
  }

  /** One durable message that nobody runs: its event and its row, one commit. */
  function post(agent, prompt) {
    begin.run()
    putPosted(newId('msg'), agent, prompt, Date.now())
    commit.run()
  }

  /** One message from prompt to answer: three commits. */
  function ask(agent, prompt, answer) {
    const message = newId('msg')
    const turn = newId('turn')
    const turns = answered.get(agent)
    const session = { backend: 'scripted', id: SESSION, cwd, backendVersion: '1', data: { turns } }
    // The first turn begins the session, later ones go on with it.
    const resumed = turns === 0 ? null : session
    const begun = turns === 0 ? session : null
    const continued = { ...session, data: { turns: turns + 1 } }

    let at = Date.now()
    begin.run()
    const seq = putPosted(message, agent, prompt, at)
    queueAgent.run(1, 1, agent)
    commit.run()

    at = Date.now()
    begin.run()
    appendEvent.run(
      at,
      'turn.started',
      1,
      HOST,
      'host',
      JSON.stringify({
        turn,
        message,
        agent,
        profile: null,
        host: HOST,
        attempt: 1,
        session: resumed,
        begins: begun,
        promptHash: PROMPT_HASH,
        reservedMicros: COST_MICROS,
      }),
    )
    occupyAgent.run(0, turn, 0, seq, agent)
    deliverMessage.run('delivered', 1, turn, message)
    putTurn.run(
      turn,
      message,
      agent,
      null,
      1,
      1,
      HOST,
      'running',
      textOf(resumed),
      textOf(begun),
      PROMPT_HASH,
      at,
      null,
      null,
      COST_MICROS,
      null,
      null,
      null,
      null,
    )
    commit.run()

    at = Date.now()
    begin.run()
    appendEvent.run(
      at,
      'turn.finished',
      1,
      HOST,
      'host',
      JSON.stringify({
        turn,
        message,
        agent,
        profile: null,
        outcome: 'completed',
        accepted: true,
        answer,
        failure: null,
        session: continued,
        usage: NO_USAGE,
        costMicros: COST_MICROS,
        costSource: 'assumed',
        modelTurns: 1,
        durationMs: 0,
      }),
    )
    const finish = turns === 0 ? finishFirstTurn : finishTurn
    finish.run(
      'completed',
      JSON.stringify(continued),
      at,
      JSON.stringify(NO_USAGE),
      COST_MICROS,
      'assumed',
      1,
      turn,
    )
    answerMessage.run('answered', COST_MICROS, JSON.stringify(answer), at, message)
    freeAgent.run(JSON.stringify(continued), null, turns + 1, message, agent)
    allAnswered++
    chargeLedger.run(allAnswered * COST_MICROS, allAnswered, allAnswered, 'global')
    chargeLedger.run((turns + 1) * COST_MICROS, turns + 1, turns + 1, `agent:${agent}`)
    commit.run()
    answered.set(agent, turns + 1)
  }

  return {
    ask,
    post,
    pragma: (name) => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0],
    close: () => database.close(),
  }
}

/**
 * The least that it takes to end processes: a signal to each, and a look whether it has gone.
 *
 * @param {readonly number[]} pids
 */
export function killKnown(pids) {
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  for (const pid of pids) while (isRunning(pid));
}

/** One that waits to be reaped has ended. */
function isRunning(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
