/**
 * Writes `schemas/workflow.schema.json`, with which editors complete and check workflows in YAML, from the schemas that read them.
 * Run it after a change of one of them: `node scripts/workflow-schema.ts`. A test compares.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { snakeCase } from '../src/workflow/input-keys.ts'
import { KIND_SHAPES, REPEAT_SHAPES, workflowShape } from '../src/workflow/input-shapes.ts'

const FOLDER = fileURLToPath(new URL('../schemas/', import.meta.url))
type Schema = Readonly<Record<string, unknown>>

/** The text of the file. */
export function workflowSchema(): string {
  const stage = object([...Object.values(KIND_SHAPES), REPEAT_SHAPES], ['id'])
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Workflow of Atelier',
    ...object([workflowShape], ['stages']),
    definitions: {
      stages: { type: 'array', minItems: 1, items: { $ref: '#/definitions/stage' } },
      stage: { anyOf: [stage, tuple(stage)] },
    },
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}

/** `[id, agent, title, options]`. */
function tuple({ properties }: Schema): Schema {
  const { id, agent, title, ...options } = properties as Readonly<Record<string, Schema>>
  return {
    type: 'array',
    description: '[id, agent, title], or [id, agent, title, options].',
    minItems: 3,
    maxItems: 4,
    items: [id, agent, title, { type: 'object', properties: options, additionalProperties: false }],
  }
}

/** The fields of several shapes as one object: a field that differs from shape to shape may be any of these. */
function object(shapes: readonly Readonly<Record<string, z.ZodType>>[], required: readonly string[]): Schema {
  const fields = [...new Set(shapes.flatMap((shape) => Object.keys(shape)))]
  const properties = fields.map((field) => {
    const forms = shapes.flatMap((shape) => (shape[field] === undefined ? [] : [fieldSchema(shape[field])]))
    const [first] = forms as [Schema, ...Schema[]]
    const kinds = new Map(forms.map(({ description: _description, ...form }) => [JSON.stringify(form), form]))
    const joined =
      kinds.size === 1 ? first : { description: first['description'], anyOf: [...kinds.values()] }
    return [snakeCase(field), joined] as const
  })
  return { type: 'object', properties: Object.fromEntries(properties), required, additionalProperties: false }
}

function fieldSchema(field: z.ZodType): Schema {
  return inYaml(z.toJSONSchema(field, { io: 'input', unrepresentable: 'any', target: 'draft-7' })) as Schema
}

/** Fields of objects within, too, are written in snake_case. */
function inYaml(value: unknown, key = ''): unknown {
  if (Array.isArray(value))
    return value.map((each: unknown) => (key === 'required' ? snakeCase(String(each)) : inYaml(each)))
  if (typeof value !== 'object' || value === null) return value
  const { $schema: _draft, ...schema } = value as Schema
  // Draft 7 reads nothing beside a reference.
  if (typeof schema['$ref'] === 'string')
    return { description: schema['description'], allOf: [{ $ref: schema['$ref'] }] }
  // Only some editors read patterns as Unicode; to the others, a class of Unicode is something else.
  const fields = Object.entries(schema).filter(
    ([name, member]) => !(name === 'pattern' && String(member).includes(String.raw`\p{`)),
  )
  return Object.fromEntries(
    fields.map(([name, member]) =>
      key === 'properties' ? [snakeCase(name), inYaml(member)] : [name, inYaml(member, name)],
    ),
  )
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(`${FOLDER}workflow.schema.json`, workflowSchema())
}
