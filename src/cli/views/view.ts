/** How an output becomes text for a person. */
import type { OperationInput, OperationName } from '../../operations/operation.ts'
import type { Outputs } from '../../operations/outputs.ts'
import type { Paint } from '../paint.ts'
import { hang } from '../text.ts'

/** The page that a view writes on. */
export interface Page {
  readonly paint: Paint
  /** Columns that a line may take. */
  readonly width: number
  /** Now, ms since the Unix epoch. */
  readonly now: number
  readonly input: OperationInput
  /** The folder from which paths are shown. */
  readonly cwd: string
  /** Text of agents and tools as this page may show it. */
  readonly clean: (text: string) => string
}

/** Data for standard output, and remarks for standard error: what it cost, or what to do about an empty list. */
export interface Shown {
  readonly body: string
  readonly remark?: string
}

/** What an operation gives at a time: the whole output, or one item of a stream. */
export type Piece<Name extends OperationName> =
  Outputs[Name] extends AsyncIterable<infer Item> ? Item : Outputs[Name]

export type View<Name extends OperationName> = (piece: Piece<Name>, page: Page) => Shown

export type Views<Names extends OperationName> = { readonly [Name in Names]: View<Name> }

/** Labels and values below each other, the values aligned. Values that say nothing are left out. */
export function formatFacts(
  facts: readonly (readonly [label: string, value: string | null])[],
  { paint }: Page,
): string {
  const shown = facts.filter((fact): fact is readonly [string, string] => fact[1] !== null && fact[1] !== '')
  const width = Math.max(...shown.map(([label]) => label.length))
  const indent = ' '.repeat(width + 2)
  return shown
    .map(([label, value]) => `${paint.faint(label.padEnd(width))}  ${hang(value, indent)}\n`)
    .join('')
}
