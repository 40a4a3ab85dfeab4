import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flagOf, parseArguments, readStandardInput, splitVerb } from '../../src/cli/arguments.ts'
import type { Param } from '../../src/operations/operation.ts'
import { OPERATIONS } from '../../src/operations/table.ts'
import { refusal } from '../refusal.ts'
import { containing } from './support.ts'

const PARAMS: readonly Param[] = [
  { name: 'agent', type: 'string', required: true, positional: true, description: 'Who' },
  {
    name: 'prompt',
    type: 'string',
    required: true,
    positional: true,
    rest: true,
    stdin: 'missing',
    description: 'What',
  },
  { name: 'maxTurns', type: 'number', integer: true, min: 1, description: 'How often' },
  { name: 'timeout', type: 'duration', description: 'How long' },
  { name: 'allowedTools', type: 'names', description: 'With what' },
  { name: 'gitContext', type: 'boolean', description: 'Where' },
  { name: 'settings', type: 'json', description: 'How' },
  { name: 'session', type: 'string', choices: ['continue', 'fresh'], description: 'Which' },
]

const inputOf = (...words: string[]): object => parseArguments(PARAMS, words).input

describe('a command line', () => {
  it('is read by place and by flag, in any order', () => {
    expect(inputOf('--max-turns', '3', 'impl', '--timeout=5m', 'Fix', 'it', '--git-context')).toEqual({
      agent: 'impl',
      prompt: 'Fix it',
      maxTurns: 3,
      timeout: '5m',
      gitContext: true,
    })
  })

  it('takes lists by commas and by repeating the flag', () => {
    expect(inputOf('impl', 'x', '--allowed-tools', 'Read,Edit', '--allowed-tools', 'Bash')).toMatchObject({
      allowedTools: ['Read', 'Edit', 'Bash'],
    })
  })

  it('switches a boolean off again, and takes the last of several values', () => {
    expect(inputOf('impl', 'x', '--no-git-context', '--max-turns=1', '--max-turns=2')).toMatchObject({
      gitContext: false,
      maxTurns: 2,
    })
  })

  it('takes everything after -- as words', () => {
    expect(inputOf('impl', '--', '--timeout', 'is a flag')).toMatchObject({ prompt: '--timeout is a flag' })
  })

  it('reads a prompt from standard input where it is missing or a dash', () => {
    expect(parseArguments(PARAMS, ['impl']).fromInput?.name).toBe('prompt')
    expect(parseArguments(PARAMS, ['impl', '-']).fromInput?.name).toBe('prompt')
    expect(parseArguments(PARAMS, ['impl', 'a', '-']).input).toMatchObject({ prompt: 'a -' })
    expect(readStandardInput(PARAMS[1]!, 'two\nlines\n')).toBe('two\nlines')
    expect(() => readStandardInput(PARAMS[1]!, ' \n')).toThrow(/Standard input is empty/u)
  })

  it.each([
    [['impl', 'x', '--max-turn', '3'], 'Did you mean --max-turns?'],
    [['impl', 'x', '--max-turns'], '--max-turns needs a value: --max-turns <n>.'],
    [['impl', 'x', '--max-turns', '--json'], '--max-turns needs a value'],
    [['impl', 'x', '--max-turns', 'many'], '--max-turns "many" is not a whole number.'],
    [['impl', 'x', '--max-turns', '1.5'], 'is not a whole number'],
    [['impl', 'x', '--max-turns', '0'], '--max-turns is at least 1; got 0.'],
    [['impl', 'x', '--timeout', 'soon'], '--timeout "soon" is not a duration'],
    [['impl', 'x', '--settings', '{'], '--settings is not JSON'],
    [['impl', 'x', '--session', 'new'], '--session "new" is not one of continue, fresh.'],
    [['impl', 'x', '--git-context=maybe'], 'neither true nor false'],
    [['impl', 'x', '-x'], 'There is no flag -x.'],
    [[], '<agent> is missing: Who.'],
    [['', 'x'], '<agent> is empty'],
  ])('refuses %j', (words, message) => {
    const refused: unknown = expect.objectContaining({ code: 'invalid_input', message: containing(message) })
    expect(() => parseArguments(PARAMS, words)).toThrow(refused)
  })

  it('refuses a word too many', () => {
    const [agent] = PARAMS as [Param]
    expect(() => parseArguments([agent], ['impl', 'again'])).toThrow(/"again" is one word too many/u)
  })

  it('asks for help whatever else is missing', () => {
    expect(parseArguments(PARAMS, ['-h']).globals.help).toBe(true)
    expect(parseArguments(PARAMS, ['--version']).globals.version).toBe(true)
  })

  it('finds the verb behind global flags', () => {
    expect(splitVerb(['--dir', 'status', '--json', 'ask', 'impl'])).toEqual({
      verb: 'ask',
      rest: ['--dir', 'status', '--json', 'impl'],
    })
    expect(splitVerb(['--help']).verb).toBeUndefined()
  })

  it('gives back every input that it was written from', () => {
    const word = fc.string({ minLength: 1 }).filter((text) => !text.startsWith('-'))
    // Parsed once, since -0 has no spelling of its own.
    const json = fc
      .json()
      .map((text): unknown => JSON.parse(text))
      .filter((one) => typeof one !== 'string' && !Object.is(one, -0))
    const name = fc.stringMatching(/^[A-Za-z][\w.]{0,9}$/u)
    const value = (param: Param): fc.Arbitrary<unknown> => {
      if (param.choices !== undefined) return fc.constantFrom(...param.choices)
      switch (param.type) {
        case 'string':
          return word
        case 'number':
          return param.integer
            ? fc.integer({ min: Math.max(1, param.min ?? 0) })
            : fc.double({ min: 0, noNaN: true, noDefaultInfinity: true })
        case 'boolean':
          return fc.boolean()
        case 'duration':
          return fc.nat().map((ms) => `${ms}ms`)
        case 'json':
          return json
        case 'names':
          return fc.array(name, { minLength: 1 })
        case 'texts':
          return fc.array(
            word.filter((text) => text.trim() !== ''),
            { minLength: 1 },
          )
      }
    }
    const written = (param: Param, one: unknown): string[] => {
      if (param.type === 'texts') return (one as string[]).map((text) => `${flagOf(param)}=${text}`)
      const names = param.type === 'names' ? (one as string[]) : undefined
      const text = names?.join(',') ?? (param.type === 'json' ? JSON.stringify(one) : String(one))
      if (param.positional === true) return names ?? [text]
      return param.type === 'boolean' && one === true ? [flagOf(param)] : [`${flagOf(param)}=${text}`]
    }
    let looked = 0
    for (const { params: all } of OPERATIONS) {
      const instead = all.flatMap(({ without = [] }) => without)
      const params = all.filter(({ name: each }) => !instead.includes(each))
      const fields = params.map((param) => [param.name, value(param)] as const)
      const inputs = fc.record(Object.fromEntries(fields), {
        requiredKeys: params
          .filter(({ required, positional }) => required || positional)
          .map((param) => param.name),
      })
      fc.assert(
        fc.property(inputs, (input: Record<string, unknown>) => {
          const flags = params.filter((param) => !param.positional && input[param.name] !== undefined)
          const places = params.filter((param) => param.positional)
          const words = [...flags, ...places].flatMap((param) => written(param, input[param.name]))
          expect(parseArguments(params, words).input).toEqual(input)
          looked++
        }),
        { numRuns: 20 },
      )
    }
    expect(looked).toBeGreaterThanOrEqual(OPERATIONS.length * 20)
  })

  it('has no place for what another param stands for: ask --capability', () => {
    const ask = OPERATIONS.find(({ name: each }) => each === 'ask') as (typeof OPERATIONS)[number]
    const { input } = parseArguments(ask.params, ['--capability', 'review', 'Look', 'at', 'it'])
    expect(input).toEqual({ capability: 'review', prompt: 'Look at it' })
    expect(refusal(() => parseArguments(ask.params, [])).message).toContain('<agent> is missing')
  })
})
