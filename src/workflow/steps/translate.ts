/** Turns checked steps into stages of a workflow, and keeps where each field of a stage was written. */
import type { RetryOptions } from '../../board/retry-schema.ts'
import type { StageInput } from '../input.ts'
import type { StepFault } from './fault.ts'
import { gateStage, isScored, openWaysOf, readGates, type Gates } from './gates.ts'
import type { PlacedStep, Sources, StepLinks } from './links.ts'
import { plain, specOf, titleOf } from './prose.ts'
import { answerWith, passingOf, scoringText, withMember, type Members } from './scoring.ts'
import type { Step, StepRetry, StepRunning, StepSettings } from './step-schema.ts'

type Path = readonly PropertyKey[]

/** Characters of the id of a stage. */
const MAX_ID = 64

/** A stage, and the step that it comes from. */
export interface StepStage {
  readonly stage: StageInput
  readonly index: number
  /** Where in the step a field of the stage was written, by its path with dots. */
  readonly fields: Readonly<Record<string, Path>>
}

export interface StepOptions {
  readonly links: StepLinks
  readonly settings: StepSettings
  readonly running: ReadonlyMap<string, StepRunning>
}

/** The stages of all steps; those of a gate and of several experts stand beside that of their step. */
export class StepTranslation {
  readonly stages: StepStage[] = []
  readonly faults: StepFault[] = []
  readonly #links: StepLinks
  readonly #settings: StepSettings
  readonly #running: ReadonlyMap<string, StepRunning>
  readonly #ids: Set<string>
  readonly #decisions: Gates['decisions']
  /** The branch that leads to a step, where only that does. */
  readonly #arms = new Map<string, NonNullable<StageInput['arm']>>()
  readonly #optional: ReadonlySet<string>

  constructor({ links, settings, running }: StepOptions) {
    this.#links = links
    this.#settings = settings
    this.#running = running
    this.#ids = new Set(links.byId.keys())
    this.#optional = new Set(links.steps.flatMap(({ step }) => step.optional_steps ?? []))
    const { decisions, faults } = readGates(links, settings, (step, word) => this.#newId(step, word))
    this.#decisions = decisions
    this.faults.push(...faults)
    for (const { id, arms } of decisions.values())
      for (const [name, step] of arms) this.#arms.set(step, { branch: id, case: name })
    for (const placed of links.steps) this.#translate(placed)
  }

  #translate({ step, index }: PlacedStep): void {
    if (step.condition === 'conditional' && !this.#arms.has(step.id)) this.#refuseConditional(index)
    const sources = this.#links.sourcesOf(step)
    const decision = this.#decisions.get(step.id)
    const members = this.#membersOf(step)
    const fields: Record<string, Path> = { ...WRITTEN }
    const from = [...sources.made.keys()]
    for (const { artifact, index: at } of sources.files) {
      fields[from.length === 0 && sources.files.length === 1 ? 'from' : `from.${from.length}`] = [
        'requires',
        at,
      ]
      from.push(plain(artifact.replace(/^\.\//u, '')))
    }
    const advice = this.#askExperts({ step, index }, sources, from)
    const [expert] = step.consults ?? []
    const spec = specOf(step, sources, members.size === 0 ? null : scoringText(members))
    const retry = retryOf(this.#running.get(step.id)?.retry)
    const skip = this.#skips(step) ? { onFailure: 'skip' as const } : {}
    const { pass } = this.#links.waysOf(step)
    this.#add(index, fields, {
      id: step.id,
      agent: step.agent,
      title: titleOf(step),
      ...(spec === undefined ? {} : { spec }),
      ...listed('from', [...from, ...advice]),
      ...listed('needs', this.#gatesOf(sources)),
      ...(advice.length === 0 && expert !== undefined ? { consult: expert } : {}),
      ...(members.size === 0 ? {} : { output: answerWith(members) }),
      ...(retry === undefined ? {} : { retry }),
      ...skip,
      ...(decision === undefined ? leads(step, pass === null ? [] : [pass]) : {}),
    })
    if (decision === undefined) return
    this.#add(index, OF_GATE, {
      ...gateStage(step.id, decision),
      ...skip,
      ...leads(step, openWaysOf(decision)),
    })
  }

  /** What the answer of a step must have: for its thresholds, and for its gate. */
  #membersOf(step: Step): Members {
    const { scoring } = step
    const isAsked = scoring !== undefined && isScored(step, this.#settings)
    const scored = isAsked ? passingOf(scoring.thresholds).members : []
    const members = new Map<string, number>()
    for (const [member, bound] of [...scored, ...(this.#decisions.get(step.id)?.members ?? [])])
      withMember(members, member, bound)
    return members
  }

  /** Who takes what a step made waits until its gate has decided about it. */
  #gatesOf({ made }: Sources): readonly string[] {
    return [...made.keys()].flatMap((maker) => this.#decisions.get(maker)?.id ?? [])
  }

  /** A stage for each expert, where there are more than the one whom a stage consults itself. */
  #askExperts({ step, index }: PlacedStep, sources: Sources, from: readonly string[]): readonly string[] {
    const experts = [...new Set(step.consults ?? [])]
    if (experts.length < 2) return []
    const spec = specOf({ ...step, creates: [] }, sources, null)
    const arm = this.#arms.get(step.id)
    const before = this.#links.beforeOf(step.id).map((id) => this.#decisions.get(id)?.id ?? id)
    return experts.map((expert, at) => {
      const id = this.#newId(step.id, expert)
      this.#add(
        index,
        { ...WRITTEN, consult: ['consults', at] },
        {
          id,
          consult: expert,
          title: `Advise on: ${titleOf(step)}`,
          ...(spec === undefined ? {} : { spec }),
          ...listed('from', from),
          ...listed('needs', before),
          ...(arm === undefined ? {} : { arm }),
        },
      )
      return id
    })
  }

  #refuseConditional(index: number): void {
    this.faults.push({
      index,
      path: ['condition'],
      code: 'unsupported',
      why: 'condition is conditional, and nothing says when it holds; name the step in on_pass or on_fail of a gate before it, or write optional, with which the run goes on where it fails',
    })
  }

  #skips({ id, condition }: Step): boolean {
    return condition === 'optional' || this.#optional.has(id) || this.#running.get(id)?.skip_on_fail === true
  }

  #add(index: number, fields: StepStage['fields'], stage: StageInput): void {
    this.stages.push({ stage, index, fields })
  }

  /** An id that no step has. */
  #newId(step: string, word: string): string {
    const suffix = `-${word.replaceAll(/[^A-Za-z0-9_-]/gu, '-').slice(0, 24)}`
    const base = step.slice(0, MAX_ID - suffix.length - 6) + suffix
    let id = base
    for (let number = 2; this.#ids.has(id); number++) id = `${base}-${number}`
    this.#ids.add(id)
    return id
  }
}

/** Where fields of a stage are written that are called otherwise in a step. */
const WRITTEN: StepStage['fields'] = {
  agent: ['agent'],
  title: ['action'],
  spec: ['notes'],
  from: ['requires'],
  needs: ['requires'],
  consult: ['consults', 0],
  output: ['scoring'],
  retry: ['metadata', 'retry'],
  next: ['next'],
}
const OF_GATE: StepStage['fields'] = {
  gate: ['gate'],
  'gate.pass': ['gate', 'condition'],
  'gate.onReject': ['gate', 'on_fail'],
  branch: ['gate'],
  'branch.0.when': ['gate', 'condition'],
  else: ['gate', 'on_fail'],
  next: ['gate', 'on_pass'],
}

/** What follows in any case. */
function leads({ optional_steps: optional = [] }: Step, ways: readonly string[]): Pick<StageInput, 'next'> {
  return listed('next', [...new Set([...ways, ...optional])])
}

/** One id as it is, several as a list, and no field for none. */
function listed<Field extends 'from' | 'needs' | 'next'>(
  field: Field,
  ids: readonly string[],
): { readonly [K in Field]?: string | readonly string[] } {
  const [only, ...more] = ids
  if (only === undefined) return {}
  return { [field]: more.length === 0 ? only : ids } as { readonly [K in Field]: string | readonly string[] }
}

/** Undefined where it is tried once, as all steps are. */
function retryOf(retry: StepRetry | undefined): RetryOptions | undefined {
  const attempts = retry?.max_attempts ?? 1
  if (retry === undefined || attempts === 1) return undefined
  const {
    initial_backoff_seconds: base = 1,
    max_backoff_seconds: max = 60,
    backoff_multiplier: factor = 2,
  } = retry
  return { attempts, base: ms(base), factor, max: ms(max) }
}

function ms(seconds: number): number {
  return Math.round(seconds * 1000)
}
