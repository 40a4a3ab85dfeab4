/**
 * Reads a workflow as people write it: checks everything that can be known without a run, and fills in every default. YAML and
 * TypeScript come to the same definition.
 */
import { fieldsObject } from '../agents/field-schemas.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { guarded } from '../agents/parsing.ts'
import { showValue } from '../agents/shown-values.ts'
import type { Json } from '../json.ts'
import type { InputDefinition, WorkflowDefinition } from './definition.ts'
import type { WorkflowInput } from './input.ts'
import { asYaml, camelKeys, stageFields, writtenPath } from './input-keys.ts'
import { STAGE_ID_RULE, stageId } from './input-fields.ts'
import { workflowShape } from './input-shapes.ts'
import { fits, readSchema } from './json-schema.ts'
import { definitionError, Problems, type WorkflowProblem } from './problems.ts'
import { resolve } from './references.ts'
import { StageDraft, type StageDefaults } from './stage-draft.ts'
import { readStage, type ReadBody } from './stage-schema.ts'

/** Stages in all, those of bodies included: far more than anybody watches, and little enough to be read in a moment. */
const MAX_STAGES = 20_000
const DEFAULT_CONCURRENCY = 8
/** The least number of steps, and how many for each stage: more is mostly a loop that does not end. */
const STEPS_AT_LEAST = 50
const STEPS_PER_STAGE = 10
const TUPLE_RULE = '[id, agent, title], [id, agent, title, options], or an object with an id'

/** Fields that stages take from their workflow. */
const INHERITED = [
  'agent',
  'profile',
  'priority',
  'retry',
  'timeout',
  'worktree',
  'session',
  'onFailure',
] as const

export type ReadWorkflow =
  | { readonly ok: true; readonly definition: WorkflowDefinition }
  | { readonly ok: false; readonly problems: readonly WorkflowProblem[] }

type Path = readonly PropertyKey[]

export interface ReadOptions {
  /** Where it has none of its own: that of its file. */
  readonly name?: string
  /** How problems name fields: as YAML, in snake_case, or as TypeScript. */
  readonly fields: 'snake' | 'camel'
}

/** Reads a workflow; nothing is thrown for what is wrong with it. */
export function readWorkflow(written: unknown, { name, fields }: ReadOptions): ReadWorkflow {
  const reader = new Reader(fields === 'snake' ? asYaml : (text) => text)
  const around: StageDefaults = { fields: {}, inputs: [], workflow: '', depth: 0 }
  const definition = reader.read(named(written, name), [], around, null)
  const { found } = reader.problems
  return definition === null || found.length > 0 ? { ok: false, problems: found } : { ok: true, definition }
}

/**
 * Reads a workflow that a program passes.
 * @throws AtelierError `invalid_definition`, `invalid_stage`, `unknown_dependency`, `circular_dependency`, or `unsupported`
 */
export function parseWorkflow(written: WorkflowInput): WorkflowDefinition {
  const read = guarded('The workflow', () => readWorkflow(written, { fields: 'camel' }))
  if (read.ok) return read.definition
  const name: unknown = (written as { readonly name?: unknown } | null | undefined)?.name
  const what = name === undefined ? 'The workflow' : `Workflow ${showValue(name)}`
  throw definitionError(what, read.problems, () => ({ text: '', details: {} }))
}

function named(written: unknown, name: string | undefined): unknown {
  return name !== undefined && isPlainObject(written) && written['name'] === undefined
    ? { ...written, name }
    : written
}

const topSchema = fieldsObject<Omit<WorkflowInput, 'stages' | 'inputs'>>(workflowShape)

class Reader {
  readonly problems: Problems
  #stages = 0

  constructor(shown: (text: string) => string) {
    this.problems = new Problems(shown)
  }

  /**
   * @param given the names of the inputs of a body; null: it says itself
   */
  read(
    written: unknown,
    at: Path,
    around: StageDefaults,
    given: readonly string[] | null,
  ): WorkflowDefinition | null {
    if (!isPlainObject(written)) {
      this.problems.add({
        path: at,
        why: `a workflow is ${showValue(written)}; it must be an object with name and stages`,
      })
      return null
    }
    // A body has a name that is made for it, and no other field than its stages.
    const fields = camelKeys(given === null ? written : { ...written, name: 'body' })
    const top = topSchema.safeParse(fields)
    if (!top.success)
      this.problems.addIssues(top.error.issues, fields, at, (path) => writtenPath(written, path))
    const said = given === null ? fields['name'] : written['name']
    const name = typeof said === 'string' ? said : ''
    const inputs = given === null ? this.#inputs(fields['inputs'], [...at, 'inputs']) : bodyInputs(given)
    const raw = fields['stages']
    if (!Array.isArray(raw) || raw.length === 0) return null
    this.#stages += raw.length
    if (this.#stages > MAX_STAGES) {
      this.problems.add({
        path: [...at, 'stages'],
        why: `there are more than ${MAX_STAGES} stages; use a map over a list`,
      })
      return null
    }
    const defaults = given === null ? inherited(top.success ? top.data : {}) : around.fields
    const inner = { ...around, fields: defaults, inputs: Object.keys(inputs), workflow: name }
    const drafts = raw.flatMap((each: unknown, index) => this.#stage(each, [...at, 'stages', index], inner))
    const stages = resolve(drafts, inputs, this.problems)
    if (!top.success || stages.length < raw.length) return null
    const { data } = top
    const result = this.#result(data.result, stages, at)
    return {
      name,
      description: data.description ?? null,
      inputs,
      stages,
      result,
      concurrency: data.concurrency ?? DEFAULT_CONCURRENCY,
      maxSteps: data.maxSteps ?? Math.max(STEPS_AT_LEAST, STEPS_PER_STAGE * stages.length),
      budgetUsd: data.budget ?? null,
      integrate: data.integrate ?? 'end',
      concurrentRuns: data.concurrentRuns ?? false,
    }
  }

  #stage(raw: unknown, at: Path, around: StageDefaults): readonly StageDraft[] {
    if (this.problems.isFull) return []
    const index = Number(at.at(-1))
    const form = stageFields(raw)
    if (form === undefined) {
      const why = `stage ${index} is ${shownStage(raw)}; it must be ${TUPLE_RULE}`
      this.problems.add({ code: 'invalid_stage', path: at, why, allowed: TUPLE_RULE, more: { index } })
      return []
    }
    const { id } = form.fields
    const checked = stageId.safeParse(id)
    if (!checked.success) {
      const is =
        id === undefined
          ? 'stage ' + String(index) + ' has no id'
          : `the id of stage ${index} is ${showValue(id)}`
      this.problems.add({
        code: 'invalid_stage',
        path: [...at, ...form.pathOf(['id'])],
        why: `${is}; it must be ${STAGE_ID_RULE}`,
        allowed: STAGE_ID_RULE,
        more: { index },
      })
      return []
    }
    this.problems.nameStage(at, checked.data)
    const draft = new StageDraft(checked.data, at, form.pathOf, this.problems)
    readStage(draft, form.fields, around, this.#readBody)
    return [draft]
  }

  readonly #readBody: ReadBody = (raw, at, around, given) => this.read(raw, at, around, given)

  #inputs(written: unknown, at: Path): Readonly<Record<string, InputDefinition>> {
    if (!isPlainObject(written)) return {}
    return Object.fromEntries(
      Object.entries(written).map(([name, input]) => [name, this.#input(name, input, [...at, name])]),
    )
  }

  #input(name: string, written: unknown, at: Path): InputDefinition {
    if (typeof written === 'string') return { description: null, schema: { type: written } }
    if (!isPlainObject(written)) return { description: null, schema: {} }
    const { description, default: value, ...rest } = written as Readonly<Record<string, Json>>
    const read = readSchema(rest)
    const text = typeof description === 'string' ? description : null
    if (!read.ok) {
      this.problems.add({
        code: read.isUnsupported ? 'unsupported' : 'invalid_definition',
        path: at,
        why: `the input ${showValue(name)} has no schema that works here: ${read.why}`,
      })
      return { description: text, schema: {} }
    }
    if (value === undefined) return { description: text, schema: read.schema }
    const fit = fits(read.schema, value)
    if (!fit.ok)
      this.problems.add({
        path: [...at, 'default'],
        why: `the default of the input ${showValue(name)} does not fit its schema: ${fit.why}`,
      })
    return { description: text, schema: read.schema, default: value }
  }

  #result(result: string | undefined, stages: WorkflowDefinition['stages'], at: Path): string | null {
    if (result === undefined) return null
    if (!stages.some(({ id }) => id === result))
      this.problems.addUnknown({
        path: [...at, 'result'],
        name: result,
        known: stages.map(({ id }) => id),
        why: `result is ${showValue(result)}, and there is no such stage`,
      })
    return result
  }
}

function inherited(top: Partial<WorkflowInput>): StageDefaults['fields'] {
  return Object.fromEntries(INHERITED.flatMap((key) => (top[key] === undefined ? [] : [[key, top[key]]])))
}

function bodyInputs(names: readonly string[]): WorkflowDefinition['inputs'] {
  return Object.fromEntries(names.map((name) => [name, { description: null, schema: {} }]))
}

function shownStage(raw: unknown): string {
  if (!Array.isArray(raw)) return showValue(raw)
  return raw.length === 0 ? 'an empty list' : `[${raw.slice(0, 5).map(showValue).join(', ')}]`
}
