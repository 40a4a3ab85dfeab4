import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { ZodType } from 'zod'
import { referencePages } from '../../scripts/reference.ts'
import { flagOf, GLOBAL_PARAMS, parseArguments, splitVerb } from '../../src/cli/arguments.ts'
import { allCommands, findCommand } from '../../src/cli/commands.ts'
import { commandHelp, overview } from '../../src/cli/help.ts'
import type { Workshop } from '../../src/facade/contract.ts'
import { wordsOf } from '../../src/cli/command.ts'
import { findByCommand, findOperation, NOUNS } from '../../src/operations/find.ts'
import {
  argumentName,
  flagName,
  libraryName,
  toolName,
  type LibraryName,
} from '../../src/operations/names.ts'
import type { OperationName } from '../../src/operations/operation.ts'
import { inputSchema } from '../../src/operations/schema.ts'
import { OPERATIONS } from '../../src/operations/table.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { fakeTerminal, shellWords, temporaryFolder } from './support.ts'

const DOCS = new URL('../../docs/reference/', import.meta.url)

/** Verbs that direct mode, the board and workflows promise (issues 2, 4 and 5): the table may have more, never fewer. */
const PROMISED = [
  ...['status', 'agent', 'profile', 'profiles', 'agents', 'info', 'dismiss', 'reset', 'reset-all'],
  ...['ask', 'cast', 'await', 'await-all', 'pipe', 'fan', 'interrupt', 'result', 'history', 'transcript'],
  ...['cost', 'budget', 'put', 'get', 'keys', 'remove', 'every', 'schedules', 'cancel-schedule'],
  ...['events', 'watch', 'git-summary', 'git-diff'],
  ...['board', 'workers', 'work', 'ready', 'item', 'claim', 'start', 'complete', 'fail', 'release', 'extend'],
  ...['cancel', 'retry', 'skip', 'remove-item', 'clear-board', 'work-from-result'],
  ...[
    'run-workflow',
    'validate-workflows',
    'workflows',
    'workflow-status',
    'workflow-graph',
    'trace',
    'checkpoints',
  ],
  ...['pause-run', 'resume-run', 'cancel-run', 'skip-stage', 'retry-stage', 'signal-run', 'reset-workflow'],
]

describe('the table of operations', () => {
  it('has every promised verb once', () => {
    const names = OPERATIONS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names).toEqual(expect.arrayContaining(PROMISED))
  })

  it('derives one name for each surface', () => {
    expect([libraryName('await-all'), toolName('await-all')]).toEqual(['awaitAll', 'await_all'])
    expect([flagName('maxTurns'), argumentName('maxTurns')]).toEqual(['max-turns', 'max_turns'])
  })

  it('is the same one by one as all together', async () => {
    for (const operation of OPERATIONS) expect(await findOperation(operation.name)).toBe(operation)
    expect(await findOperation('toString')).toBeUndefined()
  })

  it('is found by the words of a command line, where these are not its name', async () => {
    for (const operation of OPERATIONS) expect(await findByCommand(wordsOf(operation))).toBe(operation)
    const nouns = OPERATIONS.map((operation) => wordsOf(operation).split(' ')).filter(
      ({ length }) => length > 1,
    )
    expect(new Set(nouns.map(([noun]) => noun))).toEqual(NOUNS)
    expect(await findByCommand('claim')).toBeUndefined()
    await expect(findCommand('claim')).rejects.toThrow('There is no verb "claim". Did you mean work claim?')
    await expect(findCommand('work clam')).rejects.toThrow('Did you mean work claim')
  })
})

describe('the library', () => {
  it('has a member for every operation', async () => {
    expectTypeOf<Exclude<LibraryName<OperationName>, keyof Workshop>>().toEqualTypeOf<never>()
    const shop = await openWorkshop({
      dir: temporaryFolder(),
      persistence: false,
      config: false,
      host: 'none',
    })
    const members = new Map<string, unknown>(Object.entries(shop))
    const missing = OPERATIONS.filter(({ name }) => typeof members.get(libraryName(name)) !== 'function')
    await shop.close()
    expect(missing.map(({ name }) => name)).toEqual([])
  })

  it.each(OPERATIONS.map((operation) => [operation.name, operation]))(
    '%s shows a call of its member',
    (name, operation) => {
      // A budget is looked at and set through one verb, and through three members.
      const member = name === 'budget' ? 'setBudget' : libraryName(name)
      expect(operation.library).toContain(`shop.${member}(`)
    },
  )
})

describe('schemas', () => {
  it.each(OPERATIONS.map((operation) => [operation.name, operation]))(
    '%s takes exactly its params',
    (_name, operation) => {
      const shape: Readonly<Record<string, ZodType>> = inputSchema(operation).shape
      const params = operation.params.filter(({ only }) => only === undefined)
      expect(Object.keys(shape)).toEqual(params.map(({ name }) => name))
      const required = Object.keys(shape).filter(
        (name) => shape[name]?.safeParse(undefined).success === false,
      )
      expect(required).toEqual(
        operation.params
          .filter((param) => param.required && param.without === undefined)
          .map(({ name }) => name),
      )
      expect(inputSchema(operation).safeParse({ surprise: 1 }).success).toBe(false)
    },
  )

  it('check choices, bounds and kinds', () => {
    const agent = OPERATIONS.find(({ name }) => name === 'agent')
    const accepts = (input: object): boolean =>
      inputSchema(agent!).safeParse({ name: 'impl', ...input }).success
    expect(
      accepts({ permissionMode: 'plan', maxTurns: 3, timeout: '5m', allowedTools: ['Read'], settings: [1] }),
    ).toBe(true)
    expect(accepts({ permissionMode: 'never' })).toBe(false)
    expect(accepts({ maxTurns: 0 })).toBe(false)
    expect(accepts({ maxTurns: 1.5 })).toBe(false)
    expect(accepts({ name: '' })).toBe(false)
  })

  it('spell arguments of tools with underscores', () => {
    const agent = OPERATIONS.find(({ name }) => name === 'agent')
    expect(Object.keys(inputSchema(agent!, 'snake').shape)).toContain('max_turns')
  })
})

describe('the command line', () => {
  it('has a command for every operation, and lists it', async () => {
    const text = await overview(fakeTerminal().out)
    for (const command of await allCommands()) {
      const words = wordsOf(command)
      expect(await findCommand(words)).toBe(command)
      expect(text).toContain(`  ${words} `)
      expect(text.replaceAll(/\s+/gu, ' ')).toContain(command.summary)
    }
  })

  it.each(OPERATIONS.map((operation) => [operation.name, operation]))(
    '%s has a flag for every param',
    (_name, operation) => {
      const help = commandHelp(operation, fakeTerminal().out)
      const flags = [...help.matchAll(/^ {2}(--[a-z-]+)/gmu)].map(([, flag]) => flag)
      const own = operation.params.filter(({ positional }) => positional !== true).map(flagOf)
      expect(flags).toEqual([...own, ...GLOBAL_PARAMS.slice(0, 3).map(flagOf)])
    },
  )

  it('accepts every example', async () => {
    let seen = 0
    for (const command of await allCommands()) {
      expect(command.examples.length).toBeGreaterThan(0)
      for (const example of command.examples) {
        const line = /atelier [^)]*/u.exec(example)?.[0] ?? ''
        const { verb, rest } = splitVerb(shellWords(line).slice(1))
        expect(verb).toBe(wordsOf(command))
        expect(() => parseArguments(command.params, rest)).not.toThrow()
        seen++
      }
    }
    expect(seen).toBeGreaterThan(OPERATIONS.length)
  })
})

describe('docs/reference', () => {
  it('is what the tables say now (else: node scripts/reference.ts)', () => {
    const pages = referencePages()
    expect(readdirSync(DOCS).toSorted()).toEqual([...pages.keys()].toSorted())
    for (const [name, text] of pages) expect(readFileSync(new URL(name, DOCS), 'utf8')).toBe(text)
  })

  it('has a section for every command', async () => {
    const text = [...referencePages().values()].join('\n')
    for (const command of await allCommands()) expect(text).toContain(`\n## ${wordsOf(command)}\n`)
  })
})
