/**
 * Named places at which a chaos run kills the process with SIGKILL: before and after every commit
 * and every external effect. Without `ATELIER_FAILPOINTS` they are an empty function.
 *
 * `ATELIER_FAILPOINTS` is `NAME` (first hit), `NAME:N` (the Nth hit), or `random:SEED:PROBABILITY`
 * (each hit kills with that probability, from a repeatable sequence).
 */

/** Every durable change goes through a transaction of one of these names. */
export const TRANSACTIONS = [
  'agent.create',
  'agent.dismiss',
  'agent.reset',
  'budget.change',
  'change.advance',
  'context.change',
  'host.change',
  'inbox.change',
  'item.change',
  'item.claim',
  'item.post',
  'item.report',
  'item.settle',
  'item.submit',
  'item.suspend',
  'merge.intend',
  'merge.request',
  'merge.settle',
  'merge.take',
  'message.cancel',
  'message.post',
  'profile.define',
  'run.change',
  'run.start',
  'schedule.change',
  'schedule.tick',
  'turn.finish',
  'turn.lose',
  'turn.start',
  'workflow.define',
] as const

export type TransactionName = (typeof TRANSACTIONS)[number]

/** Effects outside of the store that a crash may separate from their commit. */
export const EFFECTS = [
  'backend.run',
  'child.start',
  'git.candidate',
  'git.change-ref',
  'git.commit',
  'git.files',
  'git.save',
  'git.update-ref',
  'guard.release',
  'guard.start',
  'ledger.enter',
  'ledger.strike',
  'transcript.write',
  'worktree.add',
  'worktree.branch',
  'worktree.files',
  'worktree.remove',
  'worktree.restore',
] as const

export type EffectName = (typeof EFFECTS)[number]

export type Failpoint =
  | `${TransactionName}.${'before-commit' | 'after-commit'}`
  | `${EffectName}.${'before' | 'after'}`

/** Every failpoint there is: what a chaos run must have hit at least once each. */
export const FAILPOINTS: readonly Failpoint[] = [
  ...TRANSACTIONS.flatMap((name) => [`${name}.before-commit`, `${name}.after-commit`] as const),
  ...EFFECTS.flatMap((name) => [`${name}.before`, `${name}.after`] as const),
]

const SPECIFICATION = process.env['ATELIER_FAILPOINTS']

/** Kills this process if the failpoint is armed; else does nothing. */
export const crash: (point: Failpoint) => void = SPECIFICATION === undefined ? () => {} : armed(SPECIFICATION)

function armed(specification: string): (point: Failpoint) => void {
  const [name = '', first = '', second = ''] = specification.split(':')
  if (name === 'random') {
    const random = sequence(Number(first))
    const probability = Number(second)
    return () => {
      if (random() < probability) die()
    }
  }
  // A name that is never hit would make a chaos run say that all is well.
  if (!FAILPOINTS.includes(name as Failpoint))
    throw new Error(`ATELIER_FAILPOINTS names no failpoint: ${specification}`)
  let hits = 0
  const wanted = first === '' ? 1 : Number(first)
  return (point) => {
    if (point === name && ++hits === wanted) die()
  }
}

/** Mulberry32: a repeatable sequence in [0, 1) from a 32-bit seed. */
function sequence(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function die(): void {
  process.kill(process.pid, 'SIGKILL')
}
