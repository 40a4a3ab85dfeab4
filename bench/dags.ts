/** Boards to measure scheduling on: pinned, so that a figure of today can be compared with one of last year. */

export interface DagItem {
  readonly id: string
  readonly durationMs: number
  /** Only earlier items of the list. */
  readonly dependsOn: readonly string[]
}

export interface Dag {
  readonly name: DagName
  readonly items: readonly DagItem[]
}

export type DagName = 'wide' | 'local-30' | 'local-60' | 'chain-bundle'

export const DAG_NAMES: readonly DagName[] = ['wide', 'local-30', 'local-60', 'chain-bundle']

const SHORTEST_MS = 20
const LONGEST_MS = 200

/** Dependencies of one item, at most. */
const MAX_DEPENDENCIES = 3

const LAYERS = 4

/** The longest chain of a bundle is as long as the share of one of so many workers: neither bound is idle. */
const CHAIN_SHARES = 16

/** Gives the same numbers in [0, 1) for the same seed. */
type Random = () => number

/** The same board for the same name and size, on every machine. */
export function dagOf(name: DagName, size: number): Dag {
  const random = seeded(`${name} ${size}`)
  return { name, items: itemsOf(name, size, random) }
}

function itemsOf(name: DagName, size: number, random: Random): readonly DagItem[] {
  switch (name) {
    case 'wide':
      return wide(size, random)
    case 'local-30':
      return local(size, 30, random)
    case 'local-60':
      return local(size, 60, random)
    case 'chain-bundle':
      return chainBundle(size, random)
  }
}

/** A few layers; each item depends on some of the layer before. */
function wide(size: number, random: Random): DagItem[] {
  const width = Math.ceil(size / LAYERS)
  return Array.from({ length: size }, (_, index) => {
    const layer = Math.floor(index / width)
    const before = layer === 0 ? [] : picked(random, { from: (layer - 1) * width, count: width })
    return itemAt(index, before, random)
  })
}

/** Each item depends on some of the `reach` before it. */
function local(size: number, reach: number, random: Random): DagItem[] {
  return Array.from({ length: size }, (_, index) => {
    const count = Math.min(index, reach)
    return itemAt(index, picked(random, { from: index - count, count }), random)
  })
}

/** Chains side by side, of all lengths up to the longest. */
function chainBundle(size: number, random: Random): DagItem[] {
  const longest = Math.ceil(size / CHAIN_SHARES)
  const items: DagItem[] = []
  while (items.length < size) {
    const length = Math.min(size - items.length, items.length === 0 ? longest : whole(random, 1, longest))
    for (let place = 0; place < length; place++)
      items.push(itemAt(items.length, place === 0 ? [] : [items.length - 1], random))
  }
  return items
}

function itemAt(index: number, before: readonly number[], random: Random): DagItem {
  return { id: idOf(index), durationMs: whole(random, SHORTEST_MS, LONGEST_MS), dependsOn: before.map(idOf) }
}

function idOf(index: number): string {
  return `item-${index}`
}

/** One to three of `count` items from `from` on; none if there are none. */
function picked(
  random: Random,
  { from, count }: { readonly from: number; readonly count: number },
): number[] {
  const wanted = Math.min(count, whole(random, 1, MAX_DEPENDENCIES))
  const found = new Set<number>()
  while (found.size < wanted) found.add(from + whole(random, 0, count - 1))
  return [...found]
}

/** A whole number, both ends included. */
function whole(random: Random, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1))
}

/** What no schedule can beat: the longest way through the board, and its work shared by all workers, ms. */
export function lowerBoundMs({ items }: Dag, workers: number): number {
  const ends = new Map<string, number>()
  let work = 0
  for (const { id, durationMs, dependsOn } of items) {
    work += durationMs
    ends.set(id, durationMs + Math.max(0, ...dependsOn.map((each) => ends.get(each) ?? 0)))
  }
  return Math.max(...ends.values(), work / workers)
}

/** mulberry32, seeded with the FNV-1a hash of a text. */
function seeded(seed: string): Random {
  let state = 0x811c9dc5
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
