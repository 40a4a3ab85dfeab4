/** Child runs: the work of a stage that is a workflow of its own, on the same line of work. */
import type { ItemPart } from '../board/item.ts'
import { errorData, isAtelierError, type ErrorData } from '../errors.ts'
import { hashText, packText } from '../ids.ts'
import { canonicalJson, type Json } from '../json.ts'
import type { ChildWork, StageDefinition } from '../workflow/definition.ts'
import { evaluate } from '../workflow/expressions.ts'
import { inputsOf } from '../workflow/inputs.ts'
import type { RunRow } from '../workflow/run.ts'
import { definitionBy, type KnownDefinition } from './definitions.ts'
import { DEEPEST, FILES } from './files.ts'
import { partId } from './parts.ts'
import { changeOf, type Posted } from './posting.ts'
import type { Rows } from './rows.ts'
import { inputsOfRun } from './values.ts'
import { variablesOf } from './variables.ts'

export interface ChildPart {
  readonly run: RunRow
  readonly definition: KnownDefinition
  readonly stage: StageDefinition
  readonly work: ChildWork
  readonly part: ItemPart
}

/** The start of a child run, or why it cannot be one. */
export async function startChild(
  rows: Rows,
  { run, definition, stage, work, part }: ChildPart,
): Promise<Posted> {
  const id = partId(part)
  if ((await depthOf(rows, run)) >= DEEPEST) {
    const message = `The run ${id} would be ${DEEPEST + 1} runs deep; workflows that start each other must end before.`
    return { refused: errorData('max_steps_exceeded', message, { run: id, depth: DEEPEST }) }
  }
  const hash = await hashOf(rows, work)
  if (typeof hash !== 'string') return hash
  const child = await definitionBy(rows, hash)
  const given: Record<string, Json> = {}
  for (const [name, expression] of Object.entries(work.inputs)) {
    const variables = await variablesOf(rows, { run, definition, stage, part, expressions: [expression] })
    const value = 'refused' in variables ? variables : evaluate(expression, variables.variables)
    if ('refused' in value) return value
    if (!value.ok) return { refused: badInput(id, name, `the expression ${expression} failed: ${value.why}`) }
    given[name] = value.value
  }
  const values = checkedInputs(child, given)
  if ('refused' in values) return values
  const { [FILES]: files } = await inputsOfRun(rows, run)
  const kept = files === undefined ? {} : { [FILES]: files }
  const { stored, blobs } = packText(canonicalJson({ ...values.inputs, ...kept }))
  return {
    events: [
      {
        type: 'run.started',
        data: {
          run: id,
          workflow: child.definition.name,
          definition: hash,
          inputs: stored,
          change: changeOf(run, definition, part),
          parentRun: run.id,
          parentStage: part.stage,
          parentRound: part.round,
          parentIndex: part.index,
          total: child.definition.stages.length,
        },
      },
    ],
    blobs,
    started: id,
  }
}

async function hashOf(
  rows: Rows,
  { workflow }: ChildWork,
): Promise<string | { readonly refused: ErrorData }> {
  if (typeof workflow !== 'string') return hashText(canonicalJson(workflow))
  const row = await rows.get('workflow', workflow)
  if (row !== undefined) return row.definition
  const message = `There is no workflow "${workflow}" to run. Define it, then retry the stage.`
  return { refused: errorData('not_found', message, { workflow }) }
}

async function depthOf(rows: Rows, run: RunRow): Promise<number> {
  let depth = 1
  for (let parent = run.parentRun; parent !== null; depth++)
    parent = (await rows.get('run', parent))?.parentRun ?? null
  return depth
}

function badInput(run: string, input: string, why: string): ErrorData {
  return errorData('invalid_input', `The input "${input}" of ${run} cannot be given: ${why}.`, { run, input })
}

function checkedInputs(
  { definition }: KnownDefinition,
  given: Readonly<Record<string, Json>>,
): { readonly inputs: Readonly<Record<string, Json>> } | { readonly refused: ErrorData } {
  try {
    return { inputs: inputsOf(definition, given) }
  } catch (error) {
    if (isAtelierError(error)) return { refused: error.toJSON() }
    throw error
  }
}
