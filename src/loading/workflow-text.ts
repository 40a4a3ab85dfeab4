/** Writes a workflow as one would in YAML. */
import { isPlainObject } from '../agents/json-snapshot.ts'
import type { WorkflowInput } from '../workflow/input.ts'
import { snakeCase } from '../workflow/input-keys.ts'

const SCHEMA = '# yaml-language-server: $schema=../../node_modules/atelier/schemas/workflow.schema.json\n'
const COLUMNS = 120

/** @param workflow names in it that users gave have no capitals, or stand nowhere as the key of a field */
export async function workflowText(workflow: WorkflowInput): Promise<string> {
  const { stringify } = await import('yaml')
  return SCHEMA + stringify(asWritten(workflow), { aliasDuplicateObjects: false, lineWidth: COLUMNS })
}

function asWritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asWritten)
  if (!isPlainObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [snakeCase(key), asWritten(member)]))
}
