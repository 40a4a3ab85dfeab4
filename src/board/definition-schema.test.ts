import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusal } from '../../test/refusal.ts'
import { isAtelierError } from '../errors.ts'
import { DEFAULT_ESTIMATE_MS, DEFAULT_VERIFY_TIMEOUT_MS } from './definition.ts'
import { DEFAULT_REWORK } from './rework.ts'
import { parseWork, workShape, type WorkInput } from './definition-schema.ts'
import { RETRY_PRESETS } from './retry-policy.ts'
import { retryShape } from './retry-schema.ts'

const LEAST = { id: 'auth', title: 'Implement auth' }

function messageOf(changes: object): string {
  return refusal(() => parseWork({ ...LEAST, ...changes })).message
}

describe('A26: a posted item', () => {
  it('has a default for everything but its id and title', () => {
    expect(parseWork(LEAST)).toEqual({
      post: {
        id: 'auth',
        title: 'Implement auth',
        type: 'custom',
        priority: 3,
        value: 1,
        due: null,
        capability: null,
        dependsOn: [],
        estimateMs: DEFAULT_ESTIMATE_MS,
        touches: [],
        change: null,
      },
      definition: {
        spec: null,
        input: null,
        verify: [],
        retry: RETRY_PRESETS.exponential,
        rework: DEFAULT_REWORK,
        fallback: [],
        timeoutMs: null,
        maxCostUsd: null,
        agent: null,
        access: 'write',
        merge: 'auto',
        metadata: null,
      },
    })
  })

  it('A27: takes every field, with durations in ms and copies of what may change', () => {
    const input = { pages: [1, 2] }
    const parsed = parseWork({
      id: 'feature/auth#2',
      title: 'Implement auth',
      spec: 'Use tokens.\n',
      type: 'code',
      priority: 'P0',
      value: 2,
      deadline: '8h',
      capability: 'auth:4',
      dependsOn: ['gh_12', 'plan:1'],
      input,
      metadata: { ticket: 12, omitted: undefined },
      verify: ['npm test', { run: 'npm run lint', timeout: '90s' }, { run: 'true' }],
      retry: { preset: 'hub', attempts: 4, delays: ['1s', 0], jitter: 0.1, retryOn: ['timeout'] },
      rework: { rounds: 1, deadline: '1d', default: 'give up' },
      fallback: ['senior'],
      timeout: '20m',
      estimate: '2h',
      touches: ['src/auth/', 'docs/*.md'],
      access: 'write',
      merge: 'manual',
      agent: 'impl',
      change: 'feature/auth',
      maxCostUsd: 2.5,
    })
    input.pages.push(3)
    expect(parsed).toEqual({
      post: {
        id: 'feature/auth#2',
        title: 'Implement auth',
        type: 'code',
        priority: 1,
        value: 2,
        due: { afterMs: 28_800_000 },
        capability: { name: 'auth', minExpertise: 4 },
        dependsOn: ['gh_12', 'plan:1'],
        estimateMs: 7_200_000,
        touches: ['src/auth/', 'docs/*.md'],
        change: 'feature/auth',
      },
      definition: {
        spec: 'Use tokens.\n',
        input: { pages: [1, 2] },
        verify: [
          { run: 'npm test', timeoutMs: DEFAULT_VERIFY_TIMEOUT_MS },
          { run: 'npm run lint', timeoutMs: 90_000 },
          { run: 'true', timeoutMs: DEFAULT_VERIFY_TIMEOUT_MS },
        ],
        retry: { ...RETRY_PRESETS.hub, attempts: 4, delaysMs: [1000, 0], jitter: 0.1, retryOn: ['timeout'] },
        rework: { rounds: 1, withinMs: 86_400_000, default: 'give up' },
        fallback: ['senior'],
        timeoutMs: 1_200_000,
        maxCostUsd: 2.5,
        agent: 'impl',
        access: 'write',
        merge: 'manual',
        metadata: { ticket: 12 },
      },
    })
  })

  it('takes one verify command as a text', () => {
    expect(parseWork({ ...LEAST, verify: 'npm test' }).definition.verify).toEqual([
      { run: 'npm test', timeoutMs: DEFAULT_VERIFY_TIMEOUT_MS },
    ])
  })

  it('that is a review only reads unless it says otherwise', () => {
    expect(parseWork({ ...LEAST, type: 'review' }).definition.access).toBe('read')
    expect(parseWork({ ...LEAST, type: 'review', access: 'write' }).definition.access).toBe('write')
  })

  it('may only read, and then names no way to be merged', () => {
    expect(parseWork({ ...LEAST, access: 'read' }).definition).toMatchObject({
      access: 'read',
      merge: 'auto',
    })
    expect(messageOf({ access: 'read', merge: 'manual' })).toBe(
      'Item "auth": merge is "manual"; it must be left out where access is "read", as nothing of such an item is merged.',
    )
  })

  it.each(['gh_12', 'implement#2', 'feature/plan', 'a', '0', 'a:b', 'A.b-c_d', 'x'.repeat(128)])(
    'may be called %s',
    (id) => {
      expect(parseWork({ ...LEAST, id, dependsOn: [id], change: id }).post.id).toBe(id)
    },
  )

  it.each([
    '',
    ' a',
    '#2',
    '../x',
    'a/../b',
    'a/.git',
    'a//b',
    'a/',
    '/a',
    'a b',
    'ä',
    'a\n',
    '-x',
    'x'.repeat(129),
    7,
    null,
  ])('may not be called %j', (id) => {
    const error = refusal(() => parseWork({ ...LEAST, id }))
    expect(error).toMatchObject({ code: 'invalid_input', details: { field: 'id' } })
    expect(error.message).toContain('it must be 1 to 128 characters of A-Z, a-z, 0-9')
  })

  it.each([
    [{ dependOn: [] }, 'Item "auth": dependOn is not a known field. Did you mean dependsOn?'],
    [{ title: undefined }, 'Item "auth": title is missing; it must be a text that is not blank'],
    [{ priority: 9 }, 'priority is 9; it must be 1 (most urgent) to 5, or one of emergency'],
    [{ type: 'two words' }, 'type is "two words"; it must be a word of 1 to 64 characters'],
    [{ dependsOn: 'plan' }, 'dependsOn is "plan"; it must be a list of ids of items'],
    [{ dependsOn: ['a', '..'] }, 'dependsOn[1] is ".."; it must be 1 to 128 characters'],
    [{ input: () => 1 }, 'input is a function; it must be JSON'],
    [{ verify: 5 }, 'verify is 5; it must be a command, or a list of commands'],
    [{ verify: ' ' }, 'verify is ""; it must be a text that is not blank'],
    [{ verify: ['true', 5] }, 'verify[1] is 5; it must be a command: a text, or { run, timeout }'],
    [{ verify: [{ rum: 'x', run: 'y' }] }, 'verify[0].rum is not a known field. Did you mean run?'],
    [{ verify: [{ run: 'y', timeout: 0 }] }, 'verify[0].timeout is 0; it must be a duration above 0'],
    [
      { verify: Array.from({ length: 51 }, () => 'x') },
      'verify is a list; it must be a list of at most 50 commands',
    ],
    [{ retry: 'often' }, 'retry is "often"; it must be one of exponential, hub, none'],
    [{ retry: -1 }, 'retry is -1; it must be a whole number from 0 to 99'],
    [{ retry: true }, 'retry is true; it must be one of exponential, hub, none, a number of retries'],
    [{ retry: { atempts: 2 } }, 'retry.atempts is not a known field. Did you mean attempts?'],
    [{ retry: { delays: ['soon'] } }, 'retry.delays[0] is "soon"; it must be a duration above 0'],
    [{ retry: { delays: [] } }, 'retry.delays is a list; it must be a list of 1 to 100 durations'],
    [
      { retry: { attempts: 3, maxRetries: 2 } },
      'retry.maxRetries is 2; it must be left out where attempts is given',
    ],
    [{ retry: { factor: 0.5 } }, 'retry.factor is 0.5; it must be a number from 1 to 100'],
    [{ retry: { jitter: 2 } }, 'retry.jitter is 2; it must be a share from 0 to 1'],
    [{ retry: { retryOn: ['never'] } }, 'retry.retryOn[0] is "never"; it must be one of'],
    [{ rework: 'often' }, 'rework is "often"; it must be a number of rounds from 0 to 100, or an object'],
    [{ rework: -1 }, 'rework is -1; it must be a whole number from 0 to 100'],
    [{ rework: { round: 1 } }, 'rework.round is not a known field. Did you mean rounds?'],
    [
      { rework: { default: 'give up' } },
      'rework.default is "give up"; it must be left out where there is no',
    ],
    [
      { rework: { deadline: '1h', default: 'merge it' } },
      'rework.default is "merge it"; it must be one of try again, give up',
    ],
    [{ fallback: ['a b'] }, 'fallback[0] is "a b"; it must be the name of a profile'],
    [{ estimate: 'long' }, 'estimate is "long"; it must be a duration above 0'],
    [{ touches: 'src/' }, 'touches is "src/"; it must be a list of paths'],
    [{ touches: ['src/{a,b}.ts'] }, 'touches[0] is "src/{a,b}.ts"; it must be a path inside of the project'],
    [{ touches: ['../x'] }, 'touches[0] is "../x"; it must be a path inside'],
    [{ touches: ['/etc'] }, 'touches[0] is "/etc"; it must be a path inside'],
    [{ touches: [' '] }, 'touches[0] is ""; it must be a path inside'],
    [{ capability: 'code:11' }, 'capability is "code:11"; it must be a capability: a word such as "review"'],
    [{ task: '' }, 'task is ""; it must be a word for the kind of task'],
    [{ task: 'testing', capability: 'review' }, 'task is "testing"; it must be left out where "capability"'],
    [{ task: 'testing', agent: 'impl' }, 'task is "testing"; it must be left out where "agent"'],
    [{ complexity: 5 }, 'complexity is 5; it must be left out where no "task" is named'],
    [{ task: 'testing', complexity: 1.5 }, 'complexity is 1.5; it must be a whole number from 1 to 10'],
    [{ capability: 7 }, 'capability is 7; it must be a capability: a word such as "review"'],
    [{ capability: { name: 'a b' } }, 'capability.name is "a b"; it must be a word of 1 to 64 characters'],
    [
      { capability: { name: 'a', minExpertise: 0 } },
      'capability.minExpertise is 0; it must be a whole number',
    ],
    [{ deadline: 'tomorrow' }, 'deadline is "tomorrow"; it must be a time with its zone'],
    [{ deadline: '2026-03-01T17:00' }, 'deadline is "2026-03-01T17:00"; it must be a time with its zone'],
    [{ value: 11 }, 'value is 11; it must be a number from 0.1 to 10'],
    [{ access: 'none' }, 'access is "none"; it must be one of write, read'],
    [{ agent: 'a b' }, 'agent is "a b"; it must be the name of an agent or profile'],
    [{ maxCostUsd: -1 }, 'maxCostUsd is -1; it must be an amount in USD'],
  ])('is refused with %j', (changes, message) => {
    expect(messageOf(changes)).toContain(message)
  })

  it('D20: asks for a capability by a word, with how well, or as an object', () => {
    const asked = (capability: WorkInput['capability']): unknown =>
      parseWork({ ...LEAST, capability }).post.capability
    expect(asked('code')).toEqual({ name: 'code', minExpertise: 1 })
    expect(asked('code:8')).toEqual({ name: 'code', minExpertise: 8 })
    expect(asked({ name: 'code' })).toEqual({ name: 'code', minExpertise: 1 })
    expect(asked({ name: 'code', minExpertise: 10 })).toEqual({ name: 'code', minExpertise: 10 })
  })

  it('D21: asks by the kind of task for the role that does it', () => {
    const asked = (task: string, complexity?: number): unknown =>
      parseWork({ ...LEAST, task, complexity }).post.capability
    expect(asked('testing')).toEqual({ name: 'tester', minExpertise: 1 })
    expect(asked('system_design', 6)).toEqual({ name: 'architect', minExpertise: 1 })
    expect(asked('system_design')).toEqual({ name: 'developer', minExpertise: 1 })
  })

  it('D12: is due at a time, or so long after it was posted', () => {
    const due = (deadline: string | number): unknown => parseWork({ ...LEAST, deadline }).post.due
    expect(due('2026-03-01T17:00Z')).toEqual({ at: Date.UTC(2026, 2, 1, 17) })
    expect(due('8h')).toEqual({ afterMs: 8 * 3_600_000 })
    expect(due(500)).toEqual({ afterMs: 500 })
  })

  it('is named in its error as far as it has a name', () => {
    expect(refusal(() => parseWork(7)).message).toContain(
      'The item: the value is 7; it must be a plain object',
    )
  })

  it('is any input, and throws nothing but an AtelierError', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true })
    const fields = fc.constantFrom(...Object.keys(workShape))
    const nested = fc.dictionary(fc.constantFrom(...Object.keys(retryShape), 'run', 'timeout'), anything)
    const value = fc.oneof(anything, nested, fc.array(nested))
    fc.assert(
      fc.property(fc.oneof(anything, fc.dictionary(fields, value)), (input) => {
        for (const each of [input, { ...LEAST, ...(input as object) }]) {
          try {
            const { post } = parseWork(each)
            expect(post.id).not.toBe('')
          } catch (error) {
            if (!isAtelierError(error, 'invalid_input') && !isAtelierError(error, 'unsupported')) throw error
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('a retry policy', () => {
  function retryOf(retry: unknown): unknown {
    return parseWork({ ...LEAST, retry }).definition.retry
  }

  it('is a preset, a number of retries, or the fields that differ', () => {
    expect(retryOf('hub')).toEqual(RETRY_PRESETS.hub)
    expect(retryOf(0)).toEqual({ ...RETRY_PRESETS.exponential, attempts: 1 })
    expect(retryOf({})).toEqual(RETRY_PRESETS.exponential)
    expect(retryOf({ maxRetries: 4, simplifyOnLast: true, attempts: undefined })).toEqual({
      ...RETRY_PRESETS.exponential,
      attempts: 5,
      simplifyOnLast: true,
    })
    expect(retryOf({ base: '2s', factor: 3, max: '1m' })).toEqual({
      ...RETRY_PRESETS.exponential,
      baseMs: 2000,
      factor: 3,
      maxMs: 60_000,
    })
  })
})

it('rework is a number of rounds, or what somebody may take to answer then', () => {
  const reworkOf = (rework: unknown): unknown => parseWork({ ...LEAST, rework }).definition.rework
  expect(reworkOf(0)).toEqual({ ...DEFAULT_REWORK, rounds: 0 })
  expect(reworkOf({})).toEqual(DEFAULT_REWORK)
  expect(reworkOf({ deadline: '1h' })).toEqual({ ...DEFAULT_REWORK, withinMs: 3_600_000 })
})
