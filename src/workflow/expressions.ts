/**
 * Expressions of workflows, in CEL (the Common Expression Language): checked when a workflow is defined, and evaluated by the
 * interpreter. Nothing here throws. What cannot be evaluated is told and never counts as true.
 */
import { nearestNames } from '../errors.ts'
import type { Json } from '../json.ts'
import { isFault, programOf, summaryOf, type Fault, type Program, type Use } from './expression-program.ts'

/** Where an expression stands. */
export type Place =
  /** Of a run as a whole, where no stage runs yet. */
  | 'run'
  /** `when`, cases of a branch, `over`, `env`, values of `from`, and inputs of child runs. */
  | 'stage'
  | 'until'
  | 'pass'
  /** The spec of a stage's work. */
  | 'work'
  /** The spec of each element's work. */
  | 'element'

const STAGE: readonly string[] = [
  'inputs',
  'stages',
  'result',
  'status',
  'score',
  'verdict',
  'issues',
  'round',
  'scores',
]
const ROUND: readonly string[] = [...STAGE, 'previous']

/**
 * The variables of each place. `result`, `status`, `score`, `verdict` and `issues` are those of the stage's subject: what it needs,
 * if that is one stage; of `until` the round that just ended, and of `pass` the review. `previous` is the result of the round before.
 */
const VARIABLES: Readonly<Record<Place, readonly string[]>> = {
  run: ['inputs'],
  stage: STAGE,
  until: ROUND,
  pass: STAGE,
  work: ROUND,
  element: [...ROUND, 'item', 'index'],
}

/** What `stages.ID` has. */
const STAGE_FIELDS: readonly string[] = ['result', 'status', 'score', 'verdict', 'issues', 'rounds']

/** What an expression may name where it stands. */
export interface Scope {
  readonly place: Place
  /** Ids of the stages that it may read. */
  readonly stages: ReadonlySet<string>
  /** Names of the workflow's inputs. */
  readonly inputs: ReadonlySet<string>
}

export type CheckedExpression =
  | {
      readonly ok: true
      /** The stages that it reads, each once. */
      readonly stages: readonly string[]
    }
  | {
      readonly ok: false
      /** Continues "it is no valid expression: ". */
      readonly why: string
      /** Where in the text, in characters from 0. */
      readonly offset: number
      /** Known names most like the one that is not known. */
      readonly nearest: readonly string[]
    }

/** Parses an expression and looks at every name in it. */
export function checkExpression(text: string, scope: Scope): CheckedExpression {
  const program = programOf(text)
  if (isFault(program)) return refused(program)
  const fault = unknownName(text, program, scope)
  return fault === undefined ? { ok: true, stages: stagesOf(program) } : refused(fault)
}

/** The stages that an expression reads; none where it is no expression. */
export function stagesIn(text: string): readonly string[] {
  const program = programOf(text)
  return isFault(program) ? [] : stagesOf(program)
}

/** The variables that an expression reads, such as `inputs` and `score`; none where it is no expression. */
export function variablesIn(text: string): readonly string[] {
  const program = programOf(text)
  return isFault(program) ? [] : [...new Set(program.variables.map(({ name }) => name))]
}

export type Variables = Readonly<Record<string, Json | undefined>>

export type Evaluated =
  | { readonly ok: true; readonly value: Json }
  /** Continues "the expression … failed: ". */
  | { readonly ok: false; readonly why: string }

/**
 * The value of an expression. Numbers of JSON are doubles: `7 / 2` of two written numbers is 3, and of a variable 3.5. A field or
 * variable that is missing is an error, as is work without end.
 */
export function evaluate(text: string, variables: Variables): Evaluated {
  const program = programOf(text)
  if (isFault(program)) return { ok: false, why: program.why }
  try {
    return { ok: true, value: toJson(program.run(variables)) }
  } catch (thrown) {
    return { ok: false, why: summaryOf(thrown) }
  }
}

/** Whether a condition holds; one that is neither true nor false is an error. */
export function holds(
  text: string,
  variables: Variables,
): { readonly ok: true; readonly holds: boolean } | { readonly ok: false; readonly why: string } {
  const made = evaluate(text, variables)
  if (!made.ok) return made
  if (typeof made.value === 'boolean') return { ok: true, holds: made.value }
  return { ok: false, why: `it gives ${kindOf(made.value)}, and must give true or false` }
}

function refused({ why, offset, nearestTo }: Fault): CheckedExpression {
  const nearest = nearestTo === undefined ? [] : nearestNames(nearestTo.name, nearestTo.known)
  return { ok: false, why, offset, nearest }
}

function unknownName(text: string, { variables, stages, inputs }: Program, scope: Scope): Fault | undefined {
  const names = VARIABLES[scope.place]
  const cut = stages.map((use) => cutByMinus(text, use, scope.stages)).find((fault) => fault !== undefined)
  if (cut !== undefined) return cut
  for (const use of stages) {
    if (!names.includes('stages')) return { why: 'no stage has run where this stands', offset: use.offset }
    if (!scope.stages.has(use.name))
      return unknown(use, `there is no stage ${JSON.stringify(use.name)}`, scope.stages)
    if (use.field !== null && !STAGE_FIELDS.includes(use.field.name))
      return unknown(
        use.field,
        `a stage has no ${use.field.name}; it has ${STAGE_FIELDS.join(', ')}`,
        STAGE_FIELDS,
      )
  }
  for (const use of variables)
    if (!names.includes(use.name))
      return unknown(use, `there is no variable ${use.name} here; there are ${names.join(', ')}`, names)
  const input = inputs.find(({ name }) => !scope.inputs.has(name))
  return input && unknown(input, `the workflow has no input ${JSON.stringify(input.name)}`, scope.inputs)
}

/** `stages.my-id` is a subtraction. */
function cutByMinus(text: string, { name, offset }: Use, stages: ReadonlySet<string>): Fault | undefined {
  if (text.charAt(offset + name.length) !== '-' || stages.has(name)) return undefined
  const rest = text.slice(offset)
  const whole = rest.slice(0, rest.search(/[^\w-]|$/u))
  if (!stages.has(whole)) return undefined
  return { why: `"-" is minus here; write stages[${JSON.stringify(whole)}]`, offset }
}

function unknown({ name, offset }: Use, why: string, known: Iterable<string>): Fault {
  return { why, offset, nearestTo: { name, known: [...known] } }
}

function stagesOf({ stages }: Program): readonly string[] {
  return [...new Set(stages.map(({ name }) => name))]
}

/** What the evaluator gives, as JSON: its whole numbers are bigints. */
function toJson(value: unknown): Json {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Error('the result is no finite number')
  if (value === null || typeof value !== 'object') return value as Json
  if (Array.isArray(value)) return value.map((member) => toJson(member))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new Error('the result is no JSON')
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member)]))
}

function kindOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value === 'string' ? 'text' : typeof value}`
}
