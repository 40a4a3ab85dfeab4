import { describe, expect, expectTypeOf, it } from 'vitest'
import { refusal } from '../../test/refusal.ts'
import { z } from 'zod'
import type { AgentBackend } from '../agent-backend.ts'
import type { AgentOptions, ConfigureOptions } from '../facade/contract.ts'
import { parseAgentOptions, parseConfigure, parseProfile } from './definition-schema.ts'
import { byName } from './field-schemas.ts'
import {
  agentSchema,
  agentShape,
  configureSchema,
  type configureShape,
  profileSchema,
  profileShape,
} from './option-schemas.ts'
import { codeOf, problemError, problemsOf, sentencesOf } from './schema-problems.ts'

const backend: AgentBackend = {
  id: 'mine',
  detect: async () => ({ ok: true }),
  capabilities: () => {
    throw new Error('not asked for')
  },
  run: () => {
    throw new Error('not run')
  },
  close: async () => {},
}

describe('parseAgentOptions', () => {
  it('makes fields of every option, with the timeout in ms and copies of what may change', () => {
    const addDirs = ['../shared']
    const settings = { hooks: { stop: undefined, start: [1, -0] } }
    const parsed = parseAgentOptions('impl', {
      role: 'You write code.',
      profile: 'coder',
      description: 'Writes code',
      backend: 'claude',
      backendConfig: { bin: 'claude' },
      model: 'opus',
      effort: 'high',
      maxTurns: 15,
      timeout: '5m',
      permissionMode: 'accept_edits',
      maxBudgetUsd: 0.5,
      maxCostUsd: 0,
      assumeUsd: 0.1,
      gitContext: true,
      env: { LANG: 'C', EMPTY: '' },
      passEnv: ['GITHUB_TOKEN'],
      allowedTools: ['Read', 'Bash(git log:*)'],
      disallowedTools: [],
      dangerouslySkipPermissions: false,
      mcpConfig: { mcpServers: {} },
      addDirs,
      settings,
      noSessionPersistence: true,
      appendSystemPrompt: '',
      session: 'fresh',
      worktree: false,
      workshopTools: false,
    })
    addDirs.push('/etc')
    settings.hooks.start.push(2)
    expect(parsed).toEqual({
      profile: 'coder',
      description: 'Writes code',
      fields: {
        role: 'You write code.',
        backend: 'claude',
        backendConfig: { bin: 'claude' },
        model: 'opus',
        effort: 'high',
        maxTurns: 15,
        timeoutMs: 300_000,
        permissionMode: 'accept_edits',
        maxBudgetUsd: 0.5,
        maxCostUsd: 0,
        assumeUsd: 0.1,
        gitContext: true,
        env: { LANG: 'C', EMPTY: '' },
        passEnv: ['GITHUB_TOKEN'],
        allowedTools: ['Read', 'Bash(git log:*)'],
        disallowedTools: [],
        dangerouslySkipPermissions: false,
        mcpConfig: { mcpServers: {} },
        addDirs: ['../shared'],
        settings: { hooks: { start: [1, 0] } },
        noSessionPersistence: true,
        appendSystemPrompt: '',
        session: 'fresh',
      },
    })
  })

  it('leaves out what is not set, so that it hides nothing of the profile', () => {
    expect(parseAgentOptions('impl')).toEqual({ fields: {}, profile: null })
    const { fields } = parseAgentOptions('impl', { model: undefined, maxTurns: 3 })
    expect(Object.keys(fields)).toEqual(['maxTurns'])
  })

  it.each([
    ['maxTurns', 0, 'maxTurns is 0; it must be a whole number of at least 1.'],
    ['maxTurns', 1.5, 'maxTurns is 1.5; it must be a whole number of at least 1.'],
    ['maxTurns', '15', 'maxTurns is "15"; it must be a whole number of at least 1.'],
    ['maxBudgetUsd', -1, 'maxBudgetUsd is -1; it must be an amount in USD from 0 to 1000000000.'],
    ['maxCostUsd', Number.POSITIVE_INFINITY, 'maxCostUsd is Infinity; it must be an amount in USD'],
    ['assumeUsd', Number.NaN, 'assumeUsd is NaN; it must be an amount in USD'],
    ['timeout', '5 minutes', 'timeout is "5 minutes"; it must be a duration above 0'],
    ['timeout', 0, 'timeout is 0; it must be a duration above 0'],
    ['timeout', `${'9'.repeat(400)}d`, 'it must be a duration above 0'],
    ['timeout', true, 'timeout is true; it must be a duration above 0'],
    ['model', ' ', 'model is ""; it must be a text that is not blank'],
    ['model', null, 'model is null; it must be a text'],
    ['role', 'a\0b', 'it must be a text without NUL characters'],
    ['role', 5, 'role is 5; it must be a text'],
    ['allowedTools', 'Read, Bash', 'allowedTools is "Read, Bash"; it must be a list of texts.'],
    ['allowedTools', ['Read', ''], 'allowedTools[1] is ""; it must be a text that is not blank'],
    ['gitContext', 'yes', 'gitContext is "yes"; it must be true or false.'],
    ['session', 'new', 'session is "new"; it must be one of continue, fresh.'],
    ['profile', 'my coder', 'profile is "my coder"; it must be the name of a profile.'],
    ['backend', backend, 'backend is an object; it must be the id of a backend, such as "claude"'],
    ['settings', { deep: [new Date(0)] }, 'settings.deep[0] is an object; it must be JSON'],
    ['backendConfig', () => 1, 'backendConfig is a function; it must be JSON'],
  ])('refuses a wrong value of %s (%#)', (field, value, sentence) => {
    const error = refusal(() => parseAgentOptions('impl', { [field]: value }))
    expect(error.code).toBe('invalid_input')
    expect(error.message).toContain(`Agent "impl": `)
    expect(error.message).toContain(sentence)
    expect(error.details['field']).toMatch(new RegExp(`^${field}`, 'u'))
    expect(error.details['allowed']).not.toBe('')
  })

  it('names the permission modes, also as data', () => {
    const error = refusal(() => parseAgentOptions('impl', { permissionMode: 'acceptEdits' }))
    const allowed = ['default', 'accept_edits', 'bypass_permissions', 'dont_ask', 'plan', 'auto']
    expect(error.message).toBe(
      `Agent "impl": permissionMode is "acceptEdits"; it must be one of ${allowed.join(', ')}.`,
    )
    expect(error.details).toEqual({ field: 'permissionMode', allowed })
  })

  it('suggests the nearest field for an unknown one, or else lists all', () => {
    const error = refusal(() => parseAgentOptions('impl', { max_turns: 3 }))
    expect(error.message).toBe('Agent "impl": max_turns is not a known field. Did you mean maxTurns?')
    expect(error.details).toMatchObject({ field: 'max_turns', nearest: ['maxTurns'] })
    expect(error.details['allowed']).toContain('permissionMode')
    const far = refusal(() => parseAgentOptions('impl', { 'x y': 3 }))
    expect(far.message).toMatch(/^Agent "impl": \["x y"\] is not a known field. Known are .*, maxTurns, /u)
    expect(far.details).not.toHaveProperty('nearest')
  })

  it('tells several problems at once, and of many the first five', () => {
    const two = refusal(() => parseAgentOptions('impl', { maxTurns: 0, model: 1 }))
    expect(two.message.split('\n')).toEqual([
      'Agent "impl":',
      '  model is 1; it must be a text that is not blank and has no NUL characters.',
      '  maxTurns is 0; it must be a whole number of at least 1.',
    ])
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`unknown_${index}`, 1]))
    expect(refusal(() => parseAgentOptions('impl', many)).message).toMatch(/\n {2}… and 4 more\.$/u)
  })

  it.each([
    ['worktree', true],
    ['workshopTools', true],
    ['skill', 'board'],
  ])('refuses %s as unsupported, since it works from a later version', (field, value) => {
    const error = refusal(() => parseAgentOptions('impl', { [field]: value }))
    expect(error.code).toBe('unsupported')
    expect(error.message).toBe(`Agent "impl": ${field} works from a later version of Atelier; leave it out.`)
    expect(error.details['field']).toBe(field)
    expect(refusal(() => parseAgentOptions('impl', { [field]: value, maxTurns: 0 })).code).toBe(
      'invalid_input',
    )
  })

  it('never shows what may be a token', () => {
    const secret = 'hunter2'
    const inputs = [
      { env: { TOKEN: 1, OTHER: `${secret}\0` } },
      { env: secret },
      { env: { [`TOKEN=${secret}`]: '' } },
      { env: { [`TOKEN=${secret}`]: 1 } },
      { passEnv: [`TOKEN=${secret}`] },
      { passEnv: secret },
      { backendConfig: { key: Symbol(secret) } },
      { mcpConfig: new Map([[secret, secret]]) },
      { settings: [undefined, secret] },
    ]
    for (const input of inputs) {
      const error = refusal(() => parseAgentOptions('impl', input))
      expect(JSON.stringify(error)).not.toContain(secret)
      expect(error.code).toBe('invalid_input')
    }
    expect(refusal(() => parseAgentOptions('impl', inputs[0])).message).toContain(
      'env.TOKEN is a number; it must be a text',
    )
    expect(refusal(() => parseAgentOptions('impl', inputs[2])).message).toContain(
      'env["…"] is not a valid name; a name must be without "="',
    )
  })

  it.each([[null], [[]], ['maxTurns'], [new Map()], [new Date(0)], [() => ({})]])(
    'refuses a value that is no plain object in place of options (%#)',
    (options) => {
      expect(refusal(() => parseAgentOptions('impl', options)).message).toMatch(
        /^Agent "impl": the value is .*; it must be a plain object\.$/u,
      )
    },
  )
})

describe('parseProfile', () => {
  it('takes the role apart from the fields', () => {
    expect(parseProfile('coder', { role: 'Code.', description: 'Codes', timeout: 500 })).toEqual({
      definition: { role: 'Code.', description: 'Codes', fields: { timeoutMs: 500 } },
    })
    expect(parseProfile('coder', { role: 'Code.' })).toEqual({ definition: { role: 'Code.', fields: {} } })
  })

  it('D20: stores its capabilities, and keeps a function apart from what is stored', () => {
    const canHandle = (): boolean => true
    expect(parseProfile('coder', { role: 'Code.', capabilities: ['code:9'], canHandle })).toEqual({
      definition: { role: 'Code.', fields: { capabilities: [{ name: 'code', expertise: 9 }] } },
      canHandle,
    })
    expect(parseAgentOptions('impl', { canHandle })).toEqual({ fields: {}, profile: null, canHandle })
    expect(refusal(() => parseAgentOptions('impl', { canHandle: 'code' })).message).toContain(
      'canHandle is "code"; it must be a function',
    )
  })

  it('needs a role, and has no profile of its own', () => {
    const missing = refusal(() => parseProfile('coder', {}))
    expect(missing.message).toMatch(/^Profile "coder": role is missing; it must be a text/u)
    expect(missing.details['field']).toBe('role')
    expect(refusal(() => parseProfile('coder', { role: 'Code.', profile: 'x' })).message).toContain(
      'profile is not a known field',
    )
  })
})

describe('parseConfigure', () => {
  it('keeps what is of the workshop apart from the defaults of agents', () => {
    expect(
      parseConfigure({
        backend: 'claude',
        context: 'House rules.',
        maxCostUsd: 5,
        concurrency: 256,
        parkAfter: '2m',
        timeout: '1s',
      } as object),
    ).toEqual({
      fields: { backend: 'claude', context: 'House rules.', timeoutMs: 1000 },
      maxCostUsd: 5,
      concurrency: 256,
      parkAfterMs: 120_000,
    })
    expect(parseConfigure({ routing: 'round_robin' } as object)).toEqual({
      fields: {},
      routing: 'round_robin',
    })
    expect(parseConfigure()).toEqual({ fields: {} })
    expect(Object.keys(parseConfigure({ backend: undefined }))).toEqual(['fields'])
  })

  it('takes a backend made in code, and its id as the default', () => {
    const parsed = parseConfigure({ backend })
    expect(parsed.backend).toBe(backend)
    expect(parsed.fields.backend).toBe('mine')
  })

  it.each([[{ ...backend, id: 'my own' }], [{ ...backend, run: undefined }], [{ id: 'x' }], [null], ['a b']])(
    'refuses a backend without what it needs (%#)',
    (given) => {
      const error = refusal(() => parseConfigure({ backend: given as AgentBackend }))
      expect(error.message).toContain('the id of a backend')
      expect(error.details['field']).toBe('backend')
    },
  )

  it.each([0, 257, 1.5, '4'])('refuses a concurrency of %j', (concurrency) => {
    const error = refusal(() => parseConfigure({ concurrency } as object))
    expect(error.message).toContain('it must be a whole number from 1 to 256.')
    expect(error.details).toEqual({ field: 'concurrency', allowed: 'a whole number from 1 to 256' })
  })
})

describe('the schemas', () => {
  it('have the fields of the contract, neither more nor fewer', () => {
    expectTypeOf<keyof typeof agentShape>().toEqualTypeOf<keyof AgentOptions>()
    expectTypeOf<keyof typeof configureShape>().toEqualTypeOf<keyof ConfigureOptions>()
    expect(Object.keys(profileShape)).not.toContain('profile')
    expect(Object.keys(agentShape)).toHaveLength(30)
  })

  it('become JSON Schema with a sentence about every field', () => {
    for (const schema of [agentSchema, profileSchema, configureSchema]) {
      const { properties = {}, additionalProperties } = z.toJSONSchema(schema, { unrepresentable: 'any' })
      expect(additionalProperties).toBe(false)
      expect(Object.keys(properties).length).toBeGreaterThan(10)
      for (const field of Object.values(properties)) expect(field).toHaveProperty('description')
    }
  })
})

describe('objects by name', () => {
  it('take valid names only', () => {
    const schema = byName(z.number('a number'), 'an object of numbers by name')
    expect(schema.parse({ impl: 1 })).toEqual({ impl: 1 })
    const value = { 'my agent': 1, impl: 2 }
    const [problem, ...others] = problemsOf(schema.safeParse(value).error?.issues ?? [], value)
    expect(others).toEqual([])
    expect(problem).toMatchObject({ kind: 'name', field: '["my agent"]', path: ['my agent'] })
    expect(problem?.sentence).toMatch(
      /^\["my agent"\] is not a valid name; a name must be 1 to 64 characters/u,
    )
  })
})

describe('an error of several problems', () => {
  it('has a code and a text also where nothing is wrong', () => {
    expect(codeOf([], 'invalid_config')).toBe('invalid_config')
    expect(sentencesOf([])).toEqual([])
    expect(problemError('It', []).details).toEqual({})
  })
})
