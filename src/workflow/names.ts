/** The ids of what a run is made of. They follow from its definition, so that two processes that start the same make one. */

/** Of an item, a child run or a request of a stage: `feature-1/build`, `feature-1/build#2`, `feature-1/build#2.7`. */
export function subjectId(run: string, stage: string, round: number, index: number | null = null): string {
  return `${run}/${stage}${round === 1 ? '' : `#${round}`}${index === null ? '' : `.${index}`}`
}

/** Of the nth run of a workflow. */
export function runId(workflow: string, number: number): string {
  return `${workflow}-${number}`
}

/** The key under which the result of a round of a stage is read. */
export function resultKey(stage: string, round: number): string {
  return `${stage}#${round}`
}
