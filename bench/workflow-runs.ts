/** What the steps of a workflow cost beside what the same items cost by hand: a chain, a map, and going on after a restart. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { HostedWorkshop } from '../src/facade/workshop.ts'
import { openWorkshop } from '../src/workshop.ts'
import { openBoardFloor, type BoardFloor } from './board-floor.mjs'
import type { DagItem } from './dags.ts'
import type { Measured, Measurement } from './figure.ts'
import { inFolder, median, nextMessage, startModule, succeeded } from './measuring.ts'
import { FIRST_NEW_STAGES, functionOf, type Resumed } from './resume-host.ts'

const SHORT = 100
const LONG = 5000
/** Runs of each size, one after the other. */
const ROUNDS: Readonly<Record<number, number>> = { [SHORT]: 20, 1000: 3, [LONG]: 1 }
const WARM_UP_STEPS = 300
const ELEMENTS = 10_000
/** As many as a stage may have open at once. */
const FAN_LIMIT = 1000

/** While a run goes on the floor has a slice now and then: a disk that others use is fast in one second and slow in the next. */
const SLICE_EVERY_MS = 10
const SLICE_ITEMS = 10
/** More than the slices of the longest measurement need. */
const FLOOR_ITEMS = 50_000

export const chain100: Measurement = chainOf(SHORT)
export const chain1000: Measurement = chainOf(1000)
export const chain5000: Measurement = { ...chainOf(LONG), isLong: true }

export const chainGrowth: Measurement = {
  name: 'chain_growth',
  what: `a stage in a chain of ${LONG}, in times of its floor; floor: the same in chains of ${SHORT}`,
  unit: 'x',
  target: { ratioAtMost: 1.2 },
  isLong: true,
  measure: (progress) =>
    withRuns(async (shop, dir) => {
      const [short, long] = [await chainTimes(shop, dir, SHORT), await chainTimes(shop, dir, LONG)]
      progress(`${long.value.toFixed(3)} ms a stage of ${LONG}, ${short.value.toFixed(3)} ms of ${SHORT}`)
      return { value: long.value / long.floor, floor: short.value / short.floor }
    }),
}

export const fan10k: Measurement = {
  name: 'fan_10k_s',
  what: `a map over ${ELEMENTS} items that do nothing, each with rows and events of its own; floor: each claimed and settled by hand`,
  unit: 's',
  target: { ratioAtMost: 2 },
  isLong: true,
  measure: () =>
    withRuns(async (shop, dir) => {
      const list = Array.from({ length: ELEMENTS }, (_, n) => n)
      const inputs = { list: { type: 'array', default: list } }
      const each = { id: 'each', noop: true as const, map: { over: 'inputs.list', limit: FAN_LIMIT } }
      await shop.workflow('fan', [each], { inputs, result: 'each' }).stored
      const floor = new FloorBeside(dir, () => [])
      const ms = await floor.beside(async () => void (await (await shop.runWorkflow('fan')).result()))
      floor.close()
      return { value: ms / 1000, floor: (floor.msPerItem * ELEMENTS) / 1000 }
    }),
}

export const resume5000: Measurement = {
  name: 'resume_ms_5000',
  what: `opening a run with ${LONG} finished stages to the start of the next one, in a process of its own`,
  unit: 'ms',
  target: { valueAtMost: 500 },
  isLong: true,
  measure: (progress) =>
    inFolder(async (dir) => {
      {
        await using shop = await openWorkshop({ dir, config: false })
        const stages = [
          ...chain(LONG),
          ...FIRST_NEW_STAGES.map((n) => ({
            id: `new-${n}`,
            fn: functionOf(n),
            needs: n === 0 ? stageAt(LONG - 1) : `new-${n - 1}`,
          })),
        ]
        await shop.workflow('long', stages, { maxSteps: 2 * LONG }).stored
        await shop.runWorkflow('long')
        // Nobody here knows the function of the first new stage.
        for await (const event of shop.run('long-1').events())
          if (event.type === 'stage.opened' && event.data.stage === 'new-0') break
      }
      const times: number[] = []
      for (const n of FIRST_NEW_STAGES) {
        const child = startModule('resume-host.ts', [dir, String(n)])
        times.push((await nextMessage<Resumed>(child)).ms)
        await succeeded(child, 'The process that goes on')
      }
      progress(`${times.map((ms) => ms.toFixed(0)).join(', ')} ms`)
      return { value: median(times) }
    }),
}

function chainOf(size: number): Measurement {
  return {
    name: `chain_ms_per_step_${size}`,
    what: `a stage in a chain of ${size} that do nothing, a commit each; floor: claimed and settled by hand`,
    unit: 'ms',
    target: { ratioAtMost: 3 },
    measure: () => withRuns((shop, dir) => chainTimes(shop, dir, size)),
  }
}

/** ms a stage in chains of a size, and for an item of a chain by hand at the same time. */
async function chainTimes(shop: HostedWorkshop, dir: string, size: number): Promise<Required<Measured>> {
  const name = `chain-${size}`
  await shop.workflow(name, chain(size), { maxSteps: 2 * size, result: stageAt(size - 1) }).stored
  const floor = new FloorBeside(dir, (n) => (n === 0 ? [] : [itemId(n - 1)]))
  const times: number[] = []
  for (let round = 0; round < (ROUNDS[size] ?? 1); round++)
    times.push(await floor.beside(async () => void (await (await shop.runWorkflow(name)).result())))
  floor.close()
  return { value: median(times) / size, floor: floor.msPerItem }
}

/** A workshop that has run a short chain, so that everything is loaded. */
function withRuns(measure: (shop: HostedWorkshop, dir: string) => Promise<Measured>): Promise<Measured> {
  return inFolder(async (dir) => {
    await using shop = await openWorkshop({ dir, config: false })
    await shop.workflow('warm-up', chain(WARM_UP_STEPS), { maxSteps: 2 * WARM_UP_STEPS }).stored
    await (await shop.runWorkflow('warm-up')).result()
    return await measure(shop, dir)
  })
}

function chain(size: number): { readonly id: string; readonly noop: true; readonly needs?: string }[] {
  return Array.from({ length: size }, (_, n) => ({
    id: stageAt(n),
    noop: true,
    ...(n === 0 ? {} : { needs: stageAt(n - 1) }),
  }))
}

function stageAt(n: number): string {
  return `stage-${n}`
}

function itemId(n: number): string {
  return `item-${n}`
}

/** Items that are claimed and settled by hand, with a commit for each, in slices between what else is measured. */
class FloorBeside {
  readonly #path: string
  readonly #floor: BoardFloor
  #items = 0
  #ms = 0

  constructor(dir: string, dependsOn: (n: number) => readonly string[]) {
    this.#path = join(dir, `floor-${performance.now()}.db`)
    const items = Array.from({ length: FLOOR_ITEMS }, (_, n): DagItem => {
      return { id: itemId(n), durationMs: 100, dependsOn: dependsOn(n) }
    })
    this.#floor = openBoardFloor(this.#path, items)
    for (let n = 0; n < WARM_UP_STEPS; n++) this.#settleOne()
  }

  get msPerItem(): number {
    return this.#ms / this.#items
  }

  /** @returns how long it took without the slices */
  async beside(run: () => Promise<void>): Promise<number> {
    this.#slice()
    const timer = setInterval(() => this.#slice(), SLICE_EVERY_MS)
    const start = performance.now()
    const counted = this.#ms
    try {
      await run()
      return performance.now() - start - (this.#ms - counted)
    } finally {
      clearInterval(timer)
    }
  }

  close(): void {
    this.#floor.close()
    rmSync(this.#path)
  }

  #slice(): void {
    const start = performance.now()
    for (let n = 0; n < SLICE_ITEMS; n++) this.#settleOne()
    this.#ms += performance.now() - start
    this.#items += SLICE_ITEMS
  }

  #settleOne(): void {
    const id = this.#floor.claim()
    if (id === undefined) throw new Error('The floor has no items left.')
    this.#floor.complete(id)
  }
}
