/**
 * Reads a step file, a workflow in the form of another system, as a workflow of our own: it is translated, and then read and checked as
 * every workflow is. What is wrong is told where it was written.
 */
import { isPlainObject } from '../../agents/json-snapshot.ts'
import { fieldName } from '../../agents/shown-values.ts'
import type { z } from 'zod'
import type { WorkflowDefinition } from '../definition.ts'
import { readWorkflow } from '../definition-schema.ts'
import type { WorkflowInput } from '../input.ts'
import { Problems, type WorkflowProblem } from '../problems.ts'
import { StepLinks, type PlacedStep } from './links.ts'
import { checkNames, pathOf } from './names.ts'
import { notesOf, type StepNote } from './notes.ts'
import {
  runningSchema,
  stepSchema,
  stepWorkflowSchema,
  type StepRunning,
  type StepWorkflow,
} from './step-schema.ts'
import { StepTranslation, type StepStage } from './translate.ts'

type Path = readonly PropertyKey[]

export type ReadSteps =
  | {
      readonly ok: true
      readonly definition: WorkflowDefinition
      /** The same in our form, as one would write it. */
      readonly workflow: WorkflowInput
      /** What of the file has no effect here. */
      readonly notes: readonly StepNote[]
    }
  | { readonly ok: false; readonly problems: readonly WorkflowProblem[] }

const TOP: Path = ['workflow']
/** Objects of a step in which a field may be left empty. */
const NESTED = ['gate', 'scoring', 'settings']
/** How long a step may take, unless somebody ends it. */
const DEFAULT_TIMEOUT = '1h'

/** True for what is meant as a step file: ours have no field `workflow` at the top. */
export function isStepFile(value: unknown): boolean {
  return isPlainObject(value) && isPlainObject(value['workflow']) && !('stages' in value)
}

/** Reads a step file; nothing is thrown for what is wrong with it. */
export function readSteps(written: unknown): ReadSteps {
  const reader = new StepReader()
  const read = reader.read(written)
  return read ?? { ok: false, problems: reader.problems.found }
}

class StepReader {
  readonly problems = new Problems((text) => text)
  readonly #running = new Map<string, StepRunning>()

  read(written: unknown): ReadSteps | undefined {
    const { workflow, ...others } = (isPlainObject(written) ? written : {}) as Readonly<
      Record<string, unknown>
    >
    for (const key of Object.keys(others))
      this.problems.add({
        path: [key],
        why: `${key} is not a known field beside workflow`,
        allowed: ['workflow'],
      })
    const top = this.#checked(stepWorkflowSchema, withoutEmpty(workflow), TOP)
    const raw: unknown = isPlainObject(workflow) ? workflow['steps'] : undefined
    const steps = Array.isArray(raw) ? raw.flatMap((each: unknown, index) => this.#step(each, index)) : []
    const links = new StepLinks(steps)
    checkNames(this.problems, links, raw)
    if (top === undefined || this.problems.found.length > 0) return undefined
    const translation = new StepTranslation({ links, settings: top.settings ?? {}, running: this.#running })
    for (const { index, path, ...fault } of translation.faults)
      this.problems.add({ ...fault, path: [...pathOf(index), ...path] })
    if (this.problems.found.length > 0) return undefined
    return finished(top, translation.stages, steps)
  }

  #checked<T>(schema: z.ZodType<T>, value: unknown, at: Path): T | undefined {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    this.problems.addIssues(parsed.error.issues, value, at, (path) => path)
    return undefined
  }

  #step(raw: unknown, index: number): readonly PlacedStep[] {
    if (this.problems.isFull) return []
    const at = pathOf(index)
    const written = withoutEmpty(raw)
    const id: unknown = isPlainObject(written) ? written['id'] : undefined
    if (typeof id === 'string') this.problems.nameStage(at, id)
    const step = this.#checked(stepSchema, written, at)
    if (step === undefined) return []
    const { retry, skip_on_fail: skip } = step.metadata ?? {}
    const running = withoutEmpty({ retry: withoutEmpty(retry), skip_on_fail: skip })
    const runs = this.#checked(runningSchema, running, [...at, 'metadata'])
    if (runs !== undefined) this.#running.set(step.id, runs)
    if (step.repeats === true)
      this.problems.add({
        code: 'unsupported',
        path: [...at, 'repeats'],
        why: 'repeats says no end, and work without a bound is never done again here; give the step a gate with on_fail: retry, which is done again at most 3 times',
      })
    return [{ step, index }]
  }
}

function finished(top: StepWorkflow, stages: readonly StepStage[], steps: readonly PlacedStep[]): ReadSteps {
  const description = describe(top)
  const workflow: WorkflowInput = {
    name: top.id,
    ...(description === '' ? {} : { description }),
    retry: 'none',
    timeout: DEFAULT_TIMEOUT,
    stages: stages.map(({ stage }) => stage),
  }
  const read = readWorkflow(workflow, { fields: 'snake' })
  if (!read.ok)
    return { ok: false, problems: read.problems.map((problem) => asWritten(problem, stages, steps)) }
  return { ok: true, definition: read.definition, workflow, notes: notesOf(top, steps) }
}

/** What a workflow is for; of its kind and version only people read. */
function describe({ name = '', description = '', version, type }: StepWorkflow): string {
  const kind = [version, type].filter((each) => each !== undefined).join(', ')
  const title = [name.trim(), kind === '' ? '' : `(${kind})`].filter((part) => part !== '').join(' ')
  return [title, description.trim()].filter((part) => part !== '').join(': ')
}

/** A problem of the translation at the place from which it was translated. */
function asWritten(
  problem: WorkflowProblem,
  stages: readonly StepStage[],
  steps: readonly PlacedStep[],
): WorkflowProblem {
  const [, at, ...rest] = problem.path
  const stage = typeof at === 'number' ? stages[at] : undefined
  const path = stage === undefined ? TOP : [...pathOf(stage.index), ...fieldIn(stage, rest)]
  const id = steps.find(({ index }) => index === stage?.index)?.step.id
  return {
    ...problem,
    path,
    offset: null,
    details: { ...problem.details, field: fieldName(path), ...(id === undefined ? {} : { stage: id }) },
  }
}

function fieldIn({ fields }: StepStage, path: Path): Path {
  for (let length = path.length; length > 0; length--) {
    const found = fields[path.slice(0, length).map(String).join('.')]
    if (found !== undefined) return found
  }
  return []
}

/** A field with nothing behind it is one that is left out. */
function withoutEmpty(value: unknown): unknown {
  if (!isPlainObject(value)) return value
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined)
  return Object.fromEntries(
    members.map(([key, member]) => [key, NESTED.includes(key) ? withoutEmpty(member) : member]),
  )
}
