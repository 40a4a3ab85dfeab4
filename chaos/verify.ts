/** What must be true after any chaos: read from the store's own file, and from files the product does not read. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HANDOFF_NOTE } from '../src/agents/recovery.ts'
import { hashText } from '../src/ids.ts'
import { projection } from '../src/projection.ts'
import { openSqliteStore } from '../src/stores/sqlite/store.ts'
import { sleep } from '../src/time/clock.ts'
import { TABLES } from '../src/table-specs.ts'
import type { TableName } from '../src/tables.ts'
import { replay } from '../src/testing/replay.ts'
import { systemClock } from '../src/time/system-clock.ts'
import { answerTo, promptOf } from './worker.ts'

/** @returns what is wrong; nothing if all is well */
export async function verify(dir: string, casts: number): Promise<string[]> {
  const wrong: string[] = []
  const path = databaseOf(dir)
  wrong.push(...checkDatabase(path))

  const store = await openSqliteStore({ path, projection, clock: systemClock })
  try {
    await store.read(async (reader) => {
      const text = async (stored: unknown): Promise<string> =>
        typeof stored === 'string' ? stored : ((await reader.blob((stored as { blob: string }).blob)) ?? '')
      const messages = (await reader.list('message')).filter(({ kind }) => kind === 'cast')
      const byPrompt = new Map<string, number>()
      for (const message of messages) {
        const prompt = await text(message.prompt)
        byPrompt.set(prompt, (byPrompt.get(prompt) ?? 0) + 1)
        if (message.state !== 'answered') wrong.push(`${message.id} is ${message.state}`)
        else if ((await text(message.answer)) !== answerTo(prompt))
          wrong.push(`${message.id} has another message's answer`)
      }
      for (let n = 0; n < casts; n++) {
        const times = byPrompt.get(promptOf(n)) ?? 0
        if (times !== 1) wrong.push(`cast ${n} was accepted ${times} times`)
      }
      const running = await reader.list('turn', { where: { state: 'running' } })
      if (running.length > 0) wrong.push(`${running.length} turns are still running`)
    })

    const events = await store.events({ after: 0, limit: 1_000_000 })
    const accepted = new Map<string, number>()
    for (const event of events) {
      if (event.type === 'turn.finished' && event.data.accepted) {
        accepted.set(event.data.message, (accepted.get(event.data.message) ?? 0) + 1)
      }
    }
    for (const [message, times] of accepted)
      if (times !== 1) wrong.push(`${message} was settled ${times} times`)

    wrong.push(...(await compareWithReplay(store, events)))
  } finally {
    await store.close()
  }

  // What was told to the caller as accepted must be there; what was answered must have been run.
  const told = lines(join(dir, 'accepted.log'))
  if (new Set(told).size !== told.length) wrong.push('a cast was accepted twice')
  const ran = new Set(
    lines(join(dir, 'turns.log')).map((line) => (JSON.parse(line) as { prompt: string }).prompt),
  )
  for (let n = 0; n < casts; n++)
    if (!wasRun(ran, promptOf(n))) wrong.push(`cast ${n} was answered but never run`)
  return wrong
}

/** By itself, or handed over by a turn that was interrupted before it ran. */
function wasRun(ran: ReadonlySet<string>, prompt: string): boolean {
  return ran.has(hashText(prompt)) || ran.has(hashText(`${HANDOFF_NOTE}\n\n${prompt}`))
}

/** The database of a workshop. @param project its folder */
export function databaseOf(project: string): string {
  return join(project, '.atelier', 'state', 'atelier.db')
}

/** What SQLite itself says about the file. */
export function checkDatabase(path: string): string[] {
  const integrity = new DatabaseSync(path, { readOnly: true }).prepare('PRAGMA integrity_check').get()
  return integrity?.['integrity_check'] === 'ok' ? [] : [`integrity_check: ${JSON.stringify(integrity)}`]
}

/** The log alone must give the rows. */
export async function compareWithReplay(
  store: Awaited<ReturnType<typeof openSqliteStore>>,
  events: Parameters<typeof replay>[0],
): Promise<string[]> {
  const replayed = replay(events, projection)
  const wrong: string[] = []
  for (const table of Object.keys(TABLES) as TableName[]) {
    if (TABLES[table].kind !== 'projected') continue
    const rows = await store.read((reader) => reader.list(table))
    const expected = replayed[table] ?? []
    if (JSON.stringify(sorted(rows)) !== JSON.stringify(sorted(expected)))
      wrong.push(`replay(log) differs from the rows of ${table}`)
  }
  return wrong
}

function sorted(rows: readonly object[]): string[] {
  return rows
    .map((row) => JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .toSorted()
}

/** A guard that has just been woken is given this long. */
const GUARD_LIMIT_MS = 10_000
const LOOK_INTERVAL_MS = 50

/** Nothing that any life started is left, and the ledger of hosts is empty: the folder is in the environment of each. */
export async function verifyProcesses(dir: string): Promise<string[]> {
  for (let waited = 0; ; waited += LOOK_INTERVAL_MS) {
    const left = leftIn(dir)
    if (left.length === 0 || waited >= GUARD_LIMIT_MS) return left
    await sleep(systemClock, LOOK_INTERVAL_MS)
  }
}

function leftIn(dir: string): string[] {
  const hosts = join(dir, 'atelier', 'hosts')
  const entries = existsSync(hosts) ? readdirSync(hosts).map((name) => `the ledger still has ${name}`) : []
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .filter((pid) => textOf(`/proc/${pid}/environ`).includes(`XDG_STATE_HOME=${dir}\0`))
    .map((pid) => `process ${pid} is left: ${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`)
  return [...entries, ...processes]
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

/** The lines of a file that programs append to; none where it is not there. */
export function lines(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
  } catch {
    return []
  }
}
