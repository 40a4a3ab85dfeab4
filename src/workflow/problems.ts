/** What is wrong with a workflow as it was written: which stage, which field, what is allowed. */
import { detailsOf, problemsOf, type Problem } from '../agents/schema-problems.ts'
import { fieldName } from '../agents/shown-values.ts'
import { AtelierError, nearestNames, type ErrorCode, type ErrorDetails } from '../errors.ts'
import type { z } from 'zod'

/** One problem, and where it stands in what was written. */
export interface WorkflowProblem {
  readonly code: ErrorCode
  readonly path: readonly PropertyKey[]
  /** Where in the text at that path, in characters; null: it is about the whole of it. */
  readonly offset: number | null
  readonly sentence: string
  readonly details: ErrorDetails
}

/** More problems are not told, so none is looked for. */
const MAX_PROBLEMS = 20
const SHOWN_PROBLEMS = 5
/** Of a large workflow, not every stage is listed. */
const LISTED_NAMES = 10
/** An error shows the beginning of an expression. */
const SHOWN_CHARACTERS = 80

export interface Finding {
  readonly code?: ErrorCode
  readonly path: readonly PropertyKey[]
  readonly why: string
  readonly offset?: number
  readonly allowed?: string | readonly string[]
  readonly nearest?: readonly string[]
  readonly more?: ErrorDetails
}

/** Collects the problems of one workflow, in the words in which it is written. */
export class Problems {
  readonly found: WorkflowProblem[] = []
  /** The names of fields as they are written here. */
  readonly shown: (text: string) => string
  /** The stages of the paths that begin like these; the innermost counts. */
  readonly #stages = new Map<string, string>()

  constructor(shown: (text: string) => string) {
    this.shown = shown
  }

  get isFull(): boolean {
    return this.found.length >= MAX_PROBLEMS
  }

  /** Problems within this path belong to this stage. */
  nameStage(path: readonly PropertyKey[], id: string): void {
    this.#stages.set(keyOf(path), id)
  }

  add({ code = 'invalid_definition', path, why, offset, allowed, nearest = [], more }: Finding): void {
    if (this.isFull) return
    const stage = this.#stageAt(path)
    const field = fieldName(path)
    const advice = nearest.length === 0 ? '' : ` Did you mean ${nearest.join(' or ')}?`
    this.found.push({
      code,
      path,
      offset: offset ?? null,
      sentence: `${stage === undefined ? '' : `Stage "${stage}": `}${why}.${advice}`,
      details: {
        ...(stage === undefined ? {} : { stage }),
        field,
        ...(allowed === undefined ? {} : { allowed }),
        ...(nearest.length === 0 ? {} : { nearest }),
        ...more,
      },
    })
  }

  /** Names a stage or another thing that is not there. */
  addUnknown(finding: Finding & { readonly name: string; readonly known: Iterable<string> }): void {
    if (this.isFull) return
    const known = [...finding.known]
    const nearest = nearestNames(finding.name.slice(0, 64), known)
    const some = known.slice(0, LISTED_NAMES).join(', ')
    const listed = known.length > LISTED_NAMES ? `${some} …` : some
    const why = nearest.length > 0 || listed === '' ? finding.why : `${finding.why}; there are ${listed}`
    this.add({ ...finding, why, allowed: known.slice(0, LISTED_NAMES), nearest })
  }

  /** What a schema found in `value`, whose own path is `at`. */
  addIssues(
    issues: readonly z.core.$ZodIssue[],
    value: unknown,
    at: readonly PropertyKey[],
    pathOf: (path: readonly PropertyKey[]) => readonly PropertyKey[],
    code: ErrorCode = 'invalid_definition',
  ): void {
    const written = issues.map((issue) =>
      issue.code === 'unrecognized_keys' ? { ...issue, message: this.shown(issue.message) } : issue,
    )
    for (const problem of problemsOf(written, value))
      this.#addProblem(problem, [...at, ...pathOf(problem.path)], code)
  }

  #addProblem(problem: Problem, path: readonly PropertyKey[], code: ErrorCode): void {
    if (this.isFull) return
    const stage = this.#stageAt(path)
    const { field: _field, ...details } = detailsOf(problem)
    const said = this.shown(problem.field) + problem.sentence.slice(problem.field.length)
    this.found.push({
      code,
      path,
      offset: null,
      sentence: `${stage === undefined ? '' : `Stage "${stage}": `}${said}`,
      details: { ...(stage === undefined ? {} : { stage }), field: fieldName(path), ...details },
    })
  }

  #stageAt(path: readonly PropertyKey[]): string | undefined {
    for (let length = path.length; length > 0; length--) {
      const id = this.#stages.get(keyOf(path.slice(0, length)))
      if (id !== undefined) return id
    }
    return undefined
  }
}

/** An expression in an error. */
export function shownText(text: string): string {
  return JSON.stringify(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text)
}

/** The error of a workflow whose definition has problems. */
export function definitionError(
  what: string,
  problems: readonly WorkflowProblem[],
  place: (problem: WorkflowProblem) => { readonly text: string; readonly details: ErrorDetails },
): AtelierError {
  const [first] = problems as readonly [WorkflowProblem]
  const lines = problems.slice(0, SHOWN_PROBLEMS).map((each) => `${place(each).text}${each.sentence}`)
  const rest = problems.length - lines.length
  const more = problems.length >= MAX_PROBLEMS ? '… and more.' : `… and ${rest} more.`
  const all = rest === 0 ? lines : [...lines, more]
  const text =
    what === ''
      ? all.join('\n')
      : all.length === 1
        ? `${what}: ${all.join('')}`
        : `${what}:\n  ${all.join('\n  ')}`
  return new AtelierError(first.code, text, { details: { ...place(first).details, ...first.details } })
}

function keyOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path)
}
