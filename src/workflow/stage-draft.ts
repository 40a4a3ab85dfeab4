/** One stage while it is read: its definition, and what it says about other stages, which is looked at when all are known. */
import type { Expression, JoinStage, StageDefinition } from './definition.ts'
import type { Place } from './expressions.ts'
import type { Problems } from './problems.ts'

type Path = readonly PropertyKey[]

/** A stage that is named by its id. */
export interface Link {
  readonly id: string
  readonly path: Path
  /**
   * `need`: it must be settled before. `lead`: it needs this one. `arm`: as `lead`, and runs only in this case. `reject`: it is done again.
   * `judge`: the branch that decides about this one.
   */
  readonly role: 'need' | 'lead' | 'arm' | 'reject' | 'judge'
  readonly case?: string
}

/** An expression, or a text with some, that is checked when all stages are known. */
export interface Text {
  readonly text: string
  readonly path: Path
  readonly place: Place
  readonly isTemplate: boolean
}

/** What every stage has. */
export type StageBase = Omit<JoinStage, 'kind'>

/** What a workflow says about all of its stages. */
export interface StageDefaults {
  readonly fields: Readonly<Record<string, unknown>>
  /** Names of the inputs, which stages of a body have as well. */
  readonly inputs: readonly string[]
  readonly workflow: string
  readonly depth: number
}

export class StageDraft {
  readonly id: string
  readonly path: Path
  readonly links: Link[] = []
  readonly texts: Text[] = []
  readonly problems: Problems
  readonly #pathOf: (path: Path) => Path
  /** Null: it has problems of its own. */
  stage: StageDefinition | null = null

  constructor(id: string, path: Path, pathOf: (path: Path) => Path, problems: Problems) {
    this.id = id
    this.path = path
    this.problems = problems
    this.#pathOf = pathOf
  }

  /** Where a field of it stands in what was written. */
  at(...path: Path): Path {
    return [...this.path, ...this.#pathOf(path)]
  }

  link(role: Link['role'], id: string, path: Path, named?: string): void {
    this.links.push({ id, path, role, ...(named === undefined ? {} : { case: named }) })
  }

  /** The ids of a field that is one id or a list of them. */
  linkAll(
    role: Link['role'],
    ids: string | readonly string[] | undefined,
    field: Path,
    named?: string,
  ): void {
    if (typeof ids === 'string') this.link(role, ids, this.at(...field), named)
    else
      for (const [index, id] of (ids ?? []).entries())
        this.link(role, id, [...this.at(...field), index], named)
  }

  expression(text: Expression, field: Path, place: Place): Expression {
    this.texts.push({ text, path: this.at(...field), place, isTemplate: false })
    return text
  }

  template(text: string, field: Path, place: Place): string {
    this.texts.push({ text, path: this.at(...field), place, isTemplate: true })
    return text
  }

  refuse(why: string, ...field: Path): void {
    this.problems.add({ path: this.at(...field), why })
  }
}
