/**
 * The items of a board under chaos, and what the agents do about them. Each item leaves one line in one file and says in
 * another which attempt wrote it, so that every attempt changes something and work that is brought twice shows.
 */
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { HANDOFF_NOTE, RESUME_NOTE } from '../src/agents/recovery.ts'
import type { TurnRequest } from '../src/agent-backend.ts'
import type { Step } from '../src/agent-backends/scripted/script.ts'
import type { WorkItem } from '../src/facade/board-contract.ts'

/** What is hard about an item. */
export type Hardship =
  /** Nothing; its agent leaves a process in the background. */
  | 'litters'
  /** All of them append to the same file: whoever comes second has a conflict to resolve. */
  | 'shared'
  /** Its first result does not verify. */
  | 'red'
  /** Its first turn fails. */
  | 'fails'
  /** Its first turn meets a quota that is used up: its attempt is suspended, and goes on where it stopped. */
  | 'waits'
  /** It goes on from an item before it, and reads what that left. */
  | 'depends'
  /** It reads only, and what it writes is discarded. */
  | 'reviews'

const HARDSHIPS: readonly Hardship[] = [
  ...(['shared', 'shared', 'red', 'fails'] as const),
  ...(['waits', 'depends', 'litters', 'reviews'] as const),
]
export const SHARED_FILE = 'shared.txt'

export function hardshipOf(n: number): Hardship {
  return HARDSHIPS[n % HARDSHIPS.length] as Hardship
}

export function itemId(n: number): string {
  return `item-${n}`
}

/** The line that an item leaves. */
export function lineOf(n: number): string {
  return `line of ${itemId(n)}.`
}

export function fileOf(n: number): string {
  return hardshipOf(n) === 'shared' ? SHARED_FILE : `${itemId(n)}.txt`
}

/** Every item of a board. */
export function boardItems(count: number): WorkItem[] {
  return Array.from({ length: count }, (_, n): WorkItem => {
    const hardship = hardshipOf(n)
    const common = {
      id: itemId(n),
      title: `Task ${n}`,
      // Whatever kills and conflicts come together, no item is to give up.
      retry: { attempts: 50, delays: [20] },
      // Somebody is asked after the first round, and says to go on.
      rework: 1,
    }
    if (hardship === 'reviews')
      return { ...common, type: 'review', dependsOn: [itemId(n - 1), itemId(n - 2)] }
    return {
      ...common,
      type: 'code',
      verify: `grep -qx '${lineOf(n)}' ${fileOf(n)}`,
      ...(hardship === 'depends' ? { dependsOn: [itemId(n - 1)] } : {}),
    }
  })
}

/** One line for each turn that was run: what a run is compared with that the product does not read. */
export interface TurnLine {
  readonly at: number
  readonly item: string
  readonly attempt: string
}

export function turnLog(dir: string): string {
  return join(dir, 'turns.log')
}

/** What an agent does about an item. @param dir of the run, outside of the repository */
export function playItem(dir: string, { prompt, cwd }: TurnRequest): readonly Step[] {
  const n = Number(/^Task (\d+)/mu.exec(prompt)?.[1])
  const attempt = basename(cwd)
  const line: TurnLine = { at: Date.now(), item: itemId(n), attempt }
  appendFileSync(turnLog(dir), `${JSON.stringify(line)}\n`)
  const done: Step = { say: `Did ${itemId(n)}.` }
  const sign: Step = { edit: { path: `${itemId(n)}.by`, content: `${attempt}\n` } }
  switch (hardshipOf(n)) {
    case 'reviews':
      return [{ run: `grep -qx '${lineOf(n - 1)}' ${fileOf(n - 1)}; echo scribble > ${itemId(n)}.txt` }, done]
    case 'litters':
      return [{ run: `${leave(n)}; setsid sleep 600 >/dev/null 2>&1 &` }, sign, { delay: 50 }, done]
    case 'fails':
      if (isFirst(dir, n)) return [sign, { fail: { kind: 'process_exit' } }]
      return [{ run: leave(n) }, sign, done]
    case 'red':
      return isFirst(dir, n) ? [sign, done] : [{ run: leave(n) }, sign, done]
    case 'waits':
      if (isFirst(dir, n)) return [{ run: `echo half > ${halfOf(n)}` }, QUOTA]
      // What was not committed is there again, where the attempt that goes on says so.
      return [
        { run: isInterrupted(prompt) ? `[ -f ${halfOf(n)} ] && { ${leave(n)}; }` : leave(n) },
        sign,
        done,
      ]
    case 'shared':
      return [{ run: isTold(prompt) ? `${mergeMain(n)}; ${leave(n)}` : leave(n) }, sign, { delay: 30 }, done]
    case 'depends':
      return [{ run: `grep -qx '${lineOf(n - 1)}' ${fileOf(n - 1)} && { ${leave(n)}; }` }, sign, done]
  }
}

/** Longer than an attempt waits here before it is suspended. */
const QUOTA: Step = { fail: { kind: 'usage_limit', resetsIn: 500 } }
export const PARK_AFTER_MS = 100

function halfOf(n: number): string {
  return `${itemId(n)}.half`
}

/** It goes on from an attempt that was suspended, in whichever process. */
function isInterrupted(prompt: string): boolean {
  return prompt.startsWith(RESUME_NOTE) || prompt.startsWith(HANDOFF_NOTE)
}

/** Leaves the line, unless an earlier attempt has. */
function leave(n: number): string {
  return `grep -qsx '${lineOf(n)}' ${fileOf(n)} || echo '${lineOf(n)}' >> ${fileOf(n)}`
}

/** The last attempt came back with a conflict. */
function isTold(prompt: string): boolean {
  return prompt.includes('does not merge with')
}

/** An attempt that goes on from earlier work brings it up to date, and resolves what conflicts. */
function mergeMain(n: number): string {
  const who = '-c user.name=agent -c user.email=agent@example.invalid'
  return (
    `git ${who} merge -q -m 'Bring ${itemId(n)} up to date' main >/dev/null 2>&1 || ` +
    `{ git checkout -q --theirs ${SHARED_FILE} && ${leave(n)}; git add -A && git ${who} commit -qm resolve; }`
  )
}

function isFirst(dir: string, n: number): boolean {
  const path = join(dir, `tried-${n}`)
  if (existsSync(path)) return false
  writeFileSync(path, '')
  return true
}
