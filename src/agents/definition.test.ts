import { describe, expect, it } from 'vitest'
import {
  resolveDefinition,
  systemPromptOf,
  unsupportedOptions,
  type AgentDefinition,
  type BackendOption,
} from './definition.ts'

const PLAIN: AgentDefinition = {
  role: '',
  context: '',
  backend: 'scripted',
  permissionMode: 'auto',
  session: 'continue',
}

const EVERY_OPTION: AgentDefinition = {
  ...PLAIN,
  model: 'opus',
  effort: 'high',
  maxTurns: 3,
  maxBudgetUsd: 1,
  permissionMode: 'plan',
  allowedTools: ['Read'],
  disallowedTools: ['Bash'],
  mcpConfig: {},
  addDirs: ['lib'],
  settings: {},
  noSessionPersistence: true,
  dangerouslySkipPermissions: false,
}

const OPTIONS: readonly BackendOption[] = [
  'model',
  'effort',
  'maxTurns',
  'maxBudgetUsd',
  'allowedTools',
  'disallowedTools',
  'mcpConfig',
  'addDirs',
  'settings',
  'noSessionPersistence',
  'dangerouslySkipPermissions',
  'permissionMode',
]

describe('a definition is resolved', () => {
  it('with its defaults where no layer says anything', () => {
    expect(resolveDefinition([undefined, {}])).toEqual({
      role: '',
      context: '',
      backend: undefined,
      permissionMode: 'auto',
      session: 'continue',
    })
  })

  it('AS-14: field by field, and later layers win', () => {
    const profile = { role: 'Coder', timeoutMs: 300_000, maxTurns: 15, backend: 'command' }
    expect(
      resolveDefinition([{ backend: 'scripted', model: 'opus' }, profile, { maxTurns: 3 }]),
    ).toMatchObject({
      role: 'Coder',
      backend: 'command',
      model: 'opus',
      timeoutMs: 300_000,
      maxTurns: 3,
    })
  })

  it('without counting a field that is undefined', () => {
    expect(resolveDefinition([{ model: 'opus' }, { model: undefined }])).toHaveProperty('model', 'opus')
    expect(resolveDefinition([{ model: undefined }])).not.toHaveProperty('model')
  })
})

describe('a system prompt', () => {
  it('A03: joins context, role, what is appended and facts about the repository by blank lines', () => {
    const definition = {
      ...PLAIN,
      context: 'Be brief.',
      role: 'Review only.',
      appendSystemPrompt: 'In English.',
    }
    expect(systemPromptOf(definition, 'Branch: main')).toBe(
      'Be brief.\n\nReview only.\n\nIn English.\n\nBranch: main',
    )
  })

  it('A03: leaves out what is empty or blank', () => {
    expect(systemPromptOf({ ...PLAIN, context: ' \n', role: ' Review only.\n' })).toBe('Review only.')
    expect(systemPromptOf(PLAIN)).toBe('')
  })
})

describe('options that a backend cannot honour', () => {
  it('are all those it does not name', () => {
    expect(unsupportedOptions(EVERY_OPTION, [])).toEqual(OPTIONS)
  })

  it.each(OPTIONS)('leave out %s where the backend names it', (option) => {
    expect(unsupportedOptions(EVERY_OPTION, [option])).toEqual(OPTIONS.filter((other) => other !== option))
  })

  it('are none where the definition sets none', () => {
    expect(unsupportedOptions(PLAIN, [])).toEqual([])
  })
})
