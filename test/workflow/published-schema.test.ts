/** The JSON Schema for editors is what the code reads, and what the documentation shows fits both. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { workflowSchema } from '../../scripts/workflow-schema.ts'
import { parseYaml } from '../../src/loading/yaml-source.ts'
import { readWorkflow } from '../../src/workflow/definition-schema.ts'

const ROOT = new URL('../../', import.meta.url)
const PUBLISHED = readFileSync(new URL('schemas/workflow.schema.json', ROOT), 'utf8')
const DOCS = readFileSync(new URL('docs/workflows.md', ROOT), 'utf8')
/** Those in our own form: that of other systems has no schema of ours. */
const EXAMPLES = [...DOCS.matchAll(/^```yaml\n(?!workflow:)(.*?)^```$/gmsu)].map(([, text]) => text as string)

/** Every object of fields in a schema, with where it stands. */
function fieldsIn(
  value: unknown,
  path = '',
): readonly (readonly [string, Readonly<Record<string, unknown>>])[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]: [string, unknown]) => [
    ...(key === 'properties'
      ? Object.entries(member as Record<string, Record<string, unknown>>).map(
          ([name, field]) => [`${path}/${name}`, field] as const,
        )
      : []),
    ...fieldsIn(member, `${path}/${key}`),
  ])
}

describe('schemas/workflow.schema.json', () => {
  it('is what the code reads now (else: node scripts/workflow-schema.ts)', () => {
    expect(JSON.parse(PUBLISHED)).toEqual(JSON.parse(workflowSchema()))
  })

  it('describes every field, in the spelling of YAML', () => {
    const fields = fieldsIn(JSON.parse(PUBLISHED))
    expect(fields.length).toBeGreaterThan(80)
    expect(fields.filter(([, field]) => typeof field['description'] !== 'string')).toEqual([])
    expect(fields.filter(([path]) => /[A-Z]/u.test(path.split('/').at(-1) as string))).toEqual([])
  })
})

describe('the examples of docs/workflows.md', () => {
  const schema = z.fromJSONSchema(JSON.parse(PUBLISHED) as Parameters<typeof z.fromJSONSchema>[0])

  it.each(EXAMPLES.map((text, index) => [index + 1, text] as const))(
    'number %i is a workflow, and fits the schema',
    async (_number, text) => {
      const { value, problems } = await parseYaml(text)
      expect(problems).toEqual([])
      expect(readWorkflow(value, { name: 'example', fields: 'snake' })).toMatchObject({ ok: true })
      expect(schema.safeParse(value).error?.issues).toBeUndefined()
    },
  )

  it('are some, and what is wrong does not fit', async () => {
    expect(EXAMPLES.length).toBeGreaterThan(2)
    for (const text of [
      'stages: [{ id: a, agnt: x }]',
      'stages: [[a, x]]',
      'stages: []',
      'name: w',
      'stages: [{ id: a b }]',
      'stages: [{ id: a, loop: { max_rounds: 3 } }]',
    ]) {
      const { value } = await parseYaml(text)
      expect([text, schema.safeParse(value).success]).toEqual([text, false])
    }
  })
})
