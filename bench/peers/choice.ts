/** What of the comparison is asked for on the command line. */
import { parseArgs } from 'node:util'
import { PEERS, type Peer } from './peers.ts'
import { SHAPES, type Shape } from './shapes.ts'

/** `PRAGMA synchronous` of every connection: a peer that has another default is set to it. */
export type Sync = 'normal' | 'full'

const SYNCS: readonly Sync[] = ['normal', 'full']

/** The first of each shape is what `--short` measures. */
const SIZES: Readonly<Record<Shape, readonly number[]>> = {
  chain: [100, 1000, 5000],
  fan: [1000, 10_000],
  dag: [1000],
}

/** Odd, so that the median is a value that was measured. */
const ROUNDS = 3

/** A row of the table. */
export interface Task {
  readonly shape: Shape
  readonly size: number
  readonly sync: Sync
}

export interface Choice {
  readonly json: boolean
  readonly rounds: number
  readonly peers: readonly Peer[]
  readonly tasks: readonly Task[]
}

export const USAGE: string = `usage: npm run bench:peers -- [--json] [--short] [--rounds N] [--only NAME]...
  --json    print the figures as JSON and nothing else
  --short   the smallest size of each shape, once
  --rounds  how often each is measured; the median counts (${ROUNDS})
  --only    only this; may stand several times, and words of a kind add up:
            ${PEERS.map(({ name }) => name).join(', ')}; ${SHAPES.join(', ')}, or with a size, ${SHAPES[0]}-${SIZES.chain[0]}; ${SYNCS.join(', ')}
`

/** @throws Error if the words ask for what there is not */
export function choiceOf(words: readonly string[]): Choice {
  const { values } = parseArgs({
    args: [...words],
    options: {
      json: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const rounds = Number(values.rounds ?? (values.short ? 1 : ROUNDS))
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`${values.rounds} is no number of rounds.`)
  const all = tasksOf(SIZES)
  const only = new Set(values.only)
  const peers = wanted(PEERS, only, ({ name }) => [name])
  const syncs = wanted(SYNCS, only, (sync) => [sync])
  const named = wanted(all, only, ({ shape, size }) => [shape, `${shape}-${size}`])
  if (only.size > 0) throw new Error(`There is no ${[...only].join(' and no ')}.`)
  // What is asked for by its size is measured, also in a short run.
  const isShort = (task: Task): boolean =>
    task.size === SIZES[task.shape][0] || values.only.includes(`${task.shape}-${task.size}`)
  const tasks = named.filter((task) => syncs.includes(task.sync) && (!values.short || isShort(task)))
  return { json: values.json, rounds, peers, tasks }
}

function tasksOf(sizes: typeof SIZES): readonly Task[] {
  return SHAPES.flatMap((shape) =>
    sizes[shape].flatMap((size) => SYNCS.map((sync) => ({ shape, size, sync }))),
  )
}

/** Those of a kind that are named, or all if none is. Takes their names out of `only`. */
function wanted<Of>(
  kind: readonly Of[],
  only: Set<string>,
  namesOf: (each: Of) => readonly string[],
): readonly Of[] {
  const named = kind.filter((each) => namesOf(each).some((name) => only.has(name)))
  for (const each of kind) for (const name of namesOf(each)) only.delete(name)
  return named.length === 0 ? kind : named
}
