/** The pages of docs/patterns: what they show in TypeScript runs and prints what they say, and is the same in YAML. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parseYaml } from '../../src/loading/yaml-source.ts'
import { packDefinition } from '../../src/runs/definitions.ts'
import { readWorkflow } from '../../src/workflow/definition-schema.ts'
import { openViews } from '../../src/workshop.ts'
import { temporaryFolder } from '../direct/team.ts'

const ROOT = new URL('../../', import.meta.url)
const PAGES = new URL('docs/patterns/', ROOT)

/** What each page is about, and what it proves. */
const RECIPES = [
  ['sequential', 'B01, B41, AS-51'],
  ['parallel', 'B02, AS-52, AS-53'],
  ['conditional', 'B03, AS-55, AS-56'],
  ['loop-until-success', 'B04, AS-57'],
  ['expert-first', 'B05, AS-59'],
] as const

function blockOf(page: string, language: string): string {
  const text = readFileSync(new URL(`${page}.md`, PAGES), 'utf8')
  const [found, ...more] = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gmsu)].filter(
    ([, other]) => other === language,
  )
  expect(more).toEqual([])
  return found?.[2] ?? ''
}

/** Runs a program in a new folder. */
async function ran(program: string): Promise<{ readonly dir: string; readonly stdout: string }> {
  const dir = await temporaryFolder()
  const file = join(dir, 'example.ts')
  const resolved = program
    .replace("'atelier'", `'${new URL('src/index.ts', ROOT).pathname}'`)
    .replace("'zod'", `'${import.meta.resolve('zod')}'`)
  writeFileSync(file, resolved)
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: dir, timeout: 30_000 })
  return { dir, stdout }
}

describe('the recipe', () => {
  it.each(RECIPES)('%s runs, prints what it says, and is the same in YAML (%s)', async (page) => {
    const { dir, stdout } = await ran(blockOf(page, 'ts'))
    expect(stdout).toBe(blockOf(page, 'text'))
    const { value, problems } = await parseYaml(blockOf(page, 'yaml'))
    expect(problems).toEqual([])
    const read = readWorkflow(value, { fields: 'snake' })
    expect(read).toMatchObject({ ok: true })
    const { definition } = read as Extract<typeof read, { readonly ok: true }>
    const views = await openViews({ dir })
    const defined = await views.events({ after: 0, types: ['workflow.defined'] })
    await views.close()
    expect(defined.map(({ data }) => data)).toEqual([
      { workflow: definition.name, definition: packDefinition(definition).hash, shipped: false },
    ])
  })

  it('has a page for every one', () => {
    const pages = readdirSync(PAGES).map((name) => name.replace('.md', ''))
    expect(pages.toSorted()).toEqual(RECIPES.map(([page]) => page).toSorted())
  })
})

describe('docs/workflows.md', () => {
  const text = readFileSync(new URL('docs/workflows.md', ROOT), 'utf8')
  const programs = [...text.matchAll(/^```ts\n((?:(?!```).)*)^```\n\n```text\n(.*?)^```$/gmsu)]
  const shown = (word: string): readonly [string, string] => {
    const [found, ...more] = programs.filter(([, program]) => program?.includes(word))
    expect([found === undefined, more]).toEqual([false, []])
    return [found?.[1] ?? '', found?.[2] ?? '']
  }

  it('has a program with a loop, a gate and a process that ends, and it prints what it says (B04, B08, B09, B18)', async () => {
    const [program, printed] = shown('loop:')
    expect((await ran(program)).stdout).toBe(printed)
  })

  it('has a program whose results have types, and it prints what it says (A41, B01)', async () => {
    const [program, printed] = shown('z.object')
    expect((await ran(program)).stdout).toBe(printed)
  })

  it('has no program that nobody runs', () => {
    expect(programs).toHaveLength(2)
  })
})
