/** What is wrong with a step of a step file. */
export interface StepFault {
  /** The place of the step in the file. */
  readonly index: number
  /** In the step. */
  readonly path: readonly PropertyKey[]
  readonly why: string
  readonly code?: 'unsupported'
  readonly offset?: number
  readonly nearest?: readonly string[]
}
