/** What the steps of a step file say about each other: who makes what, who comes before whom, and where gates lead. */
import type { Step } from './step-schema.ts'

/** A step whose fields are right, and its place in the file. */
export interface PlacedStep {
  readonly step: Step
  readonly index: number
}

/** What a step requires, or where it leads, and its place in the list that names it. */
interface Required {
  readonly artifact: string
  readonly index: number
}

export interface Sources {
  /** Artifacts by the step that makes them. */
  readonly made: ReadonlyMap<string, readonly Required[]>
  readonly files: readonly Required[]
  /** Folders of the project: too much to be put into a prompt. */
  readonly folders: readonly string[]
  /** Neither made by anybody nor a path. */
  readonly unknown: readonly Required[]
}

/** Where the gate of a step leads. */
export interface Ways {
  readonly pass: string | null
  readonly fail: string | null
  /** `back`: failing does a step before it again. `branch`: it leads on to another one. */
  readonly kind: 'back' | 'branch'
}

/** Words of gates that are no ids: what stands in `next`, and this step again. */
export const WORDS: readonly string[] = ['next', 'retry']

export class StepLinks {
  readonly steps: readonly PlacedStep[]
  readonly byId: ReadonlyMap<string, Step>
  readonly #makers = new Map<string, Set<string>>()
  readonly #before = new Map<string, Set<string>>()
  /** To find out whether a step lies before another may mean to look at all. */
  readonly #ways = new Map<Step, Ways>()

  constructor(steps: readonly PlacedStep[]) {
    this.steps = steps
    this.byId = new Map(steps.map(({ step }) => [step.id, step]))
    for (const { step } of steps)
      for (const artifact of step.creates ?? []) addTo(this.#makers, pathOf(artifact), step.id)
    for (const { step } of steps) {
      for (const maker of this.sourcesOf(step).made.keys()) addTo(this.#before, step.id, maker)
      for (const after of [this.#leadOf(step), ...(step.optional_steps ?? [])])
        if (after !== null) addTo(this.#before, after, step.id)
    }
  }

  /** Names of what steps create, and of steps: what `requires` may name beside files. */
  get names(): readonly string[] {
    return [...new Set([...this.steps.flatMap(({ step }) => step.creates ?? []), ...this.byId.keys()])]
  }

  /** Where all comes from that a step requires. */
  sourcesOf({ id, requires = [] }: Step): Sources {
    const made = new Map<string, Required[]>()
    const files: Required[] = []
    const folders: string[] = []
    const unknown: Required[] = []
    for (const [index, artifact] of requires.entries()) {
      const makers = [...(this.#makers.get(pathOf(artifact)) ?? [])]
      const others = makers.filter((maker) => maker !== id)
      if (others.length === 0 && makers.length === 0 && this.byId.has(artifact) && artifact !== id)
        others.push(artifact)
      for (const maker of others) made.set(maker, [...(made.get(maker) ?? []), { artifact, index }])
      if (others.length > 0) continue
      if (artifact.endsWith('/')) folders.push(artifact)
      else if (/[./]/u.test(artifact)) files.push({ artifact, index })
      else unknown.push({ artifact, index })
    }
    return { made, files, folders, unknown }
  }

  /** Where the gate of a step leads, as its words and its place in the file say. */
  waysOf(step: Step): Ways {
    let found = this.#ways.get(step)
    if (found === undefined) this.#ways.set(step, (found = this.#readWays(step)))
    return found
  }

  #readWays(step: Step): Ways {
    const pass = this.#leadOf(step)
    const fail = this.#targetOf(step, step.gate?.on_fail)
    const isBack = fail === null || fail === step.id || this.isBefore(fail, step.id)
    return { pass, fail, kind: isBack ? 'back' : 'branch' }
  }

  /** The step that follows when all went well. */
  #leadOf(step: Step): string | null {
    return this.#targetOf(step, step.gate?.on_pass ?? step.next)
  }

  /** A step, or one of the words that stand for one. */
  #targetOf(step: Step, target: string | undefined): string | null {
    if (target === undefined || this.byId.has(target)) return target ?? null
    return target === 'retry' ? step.id : (step.next ?? null)
  }

  /** The steps that come directly before one. */
  beforeOf(id: string): readonly string[] {
    return [...(this.#before.get(id) ?? [])]
  }

  /** Whether one step comes before another, directly or through others. */
  isBefore(id: string, other: string): boolean {
    const seen = new Set<string>([other])
    for (const at of seen) {
      const before = this.#before.get(at)
      if (before?.has(id) === true) return true
      for (const each of before ?? []) seen.add(each)
    }
    return false
  }
}

/** Two ways to write one path are one artifact. */
function pathOf(artifact: string): string {
  return artifact.replace(/^\.\//u, '').replace(/\/+$/u, '')
}

function addTo(sets: Map<string, Set<string>>, key: string, value: string): void {
  const found = sets.get(key)
  if (found === undefined) sets.set(key, new Set([value]))
  else found.add(value)
}
