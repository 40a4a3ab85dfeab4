import { execFile } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

import { commandBackend } from '../../src/agent-backends/command.ts'
import { parseScript } from '../../src/agent-backends/scripted/check.ts'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { FAILURES } from '../../src/agents/failures.ts'
import type { Json } from '../../src/json.ts'
import { usePlace } from '../processes/support.ts'
import { runTurn } from './support.ts'

const place = usePlace()
const root = new URL('../../', import.meta.url)

function page(name: string): string {
  return readFileSync(new URL(`docs/backends/${name}.md`, root), 'utf8')
}

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gmsu)].flatMap(([, found, block]) =>
    found === language && block !== undefined ? [block] : [],
  )
}

describe('the page of the scripted backend', () => {
  const text = page('scripted')

  test.each(blocks(text, 'json'))('has a script that runs: %#', async (block) => {
    const backend = scriptedBackend({ script: parseScript(JSON.parse(block)) })
    const { outcome } = await runTurn(backend, { cwd: place.dir, turn: place.turn, prompt: 'Run the tests' })
    expect(outcome.status).toBe('completed')
    expect(outcome.text).not.toContain('@')
  })

  test('has a configuration whose script is one', () => {
    const [config] = blocks(text, 'yaml').map((block) => parse(block) as { scripted: unknown })
    expect(parseScript(config?.scripted)).toHaveProperty('rules')
  })

  test('has an example in code that prints what it says', async () => {
    await expectPrinted(text)
  })

  test('names every kind of failure', () => {
    const kinds = /The kinds of failure: (.*)\.$/mu.exec(text)?.[1]
    expect(kinds?.replaceAll('`', '').split(', ')).toEqual(Object.keys(FAILURES))
  })

  test('names every step', () => {
    const source = readFileSync(new URL('src/agent-backends/scripted/check.ts', root), 'utf8')
    const steps = [...source.matchAll(/^ {4}(\w+): fields\(z/gmu)].map(([, step]) => step)
    expect(steps.length).toBeGreaterThan(10)
    for (const step of steps) expect(text).toMatch(new RegExp(`^\\| \`${step}: `, 'mu'))
  })
})

describe('the page of the command backend', () => {
  const text = page('command')

  test.each(blocks(text, 'json'))('has settings that run: %#', async (block) => {
    const backendConfig = JSON.parse(block) as Json
    const backend = commandBackend()
    expect(backend.validate?.(backendConfig)).toBeUndefined()
    const { outcome } = await runTurn(backend, { cwd: place.dir, turn: place.turn, backendConfig })
    expect(outcome.status).toBe('completed')
  })

  test('has a configuration whose settings are right', () => {
    const configs = blocks(text, 'yaml').map(
      (block) => parse(block) as { agents: Record<string, { backendConfig: Json }> },
    )
    for (const agent of Object.values(configs[0]?.agents ?? {})) {
      expect(commandBackend().validate?.(agent.backendConfig)).toBeUndefined()
    }
    expect(configs).toHaveLength(1)
  })

  test('has an example in code that prints what it says', async () => {
    await expectPrinted(text)
  })

  test('names every setting', () => {
    const source = readFileSync(new URL('src/agent-backends/command/config.ts', root), 'utf8')
    const schema = source.slice(source.indexOf('const schema'))
    const settings = [...schema.matchAll(/^ {4}(\w+): /gmu)].map(([, setting]) => setting)
    expect(settings.length).toBeGreaterThan(10)
    for (const setting of settings) expect(text).toContain(`\n| \`${setting}\` |`)
  })
})

/** Runs the first example in TypeScript as a program, and compares what it prints with the text below it. */
async function expectPrinted(text: string): Promise<void> {
  const [example = ''] = blocks(text, 'ts')
  const [printed] = blocks(text, 'text')
  const file = join(place.dir, 'example.ts')
  const entry = (path: string): string => `'${new URL(path, root).pathname}'`
  writeFileSync(
    file,
    example
      .replace("'atelier/testing'", entry('src/testing/index.ts'))
      .replace("'atelier'", entry('src/index.ts')),
  )
  expect(existsSync(file)).toBe(true)
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: place.dir, timeout: 20_000 })
  expect(stdout).toBe(printed)
}
