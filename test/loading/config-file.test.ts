import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { AgentBackend } from '../../src/agent-backend.ts'
import {
  configFileOf,
  defineConfig,
  loadConfig,
  readConfig,
  type WorkshopConfig,
} from '../../src/loading/config-file.ts'
import { folderWith, refusal } from './files.ts'

const YAML = `# The team of this project
backend: scripted
context: House rules.
maxCostUsd: 5
timeout: 5m
profiles:
  coder:
    role: You write code.
    description: Writes code
    maxTurns: 15
    timeout: 90s
agents:
  impl: { profile: coder }
  reviewer:
    role: Review only.
    allowedTools: [Read, Bash]
workers:
  dev: { type: code, profile: coder, worktree: true, concurrency: 2, interval: 30s }
worktrees:
  setUp: [npm ci]
  passEnv: [NPM_TOKEN]
scripted:
  impl: [{ text: Done }]
`
const LOADED = {
  configure: { backend: 'scripted', context: 'House rules.', maxCostUsd: 5, timeout: '5m' },
  profiles: {
    coder: {
      definition: {
        role: 'You write code.',
        description: 'Writes code',
        fields: { maxTurns: 15, timeoutMs: 90_000 },
      },
    },
  },
  agents: { impl: { profile: 'coder' }, reviewer: { role: 'Review only.', allowedTools: ['Read', 'Bash'] } },
  workers: { dev: { type: 'code', profile: 'coder', worktree: true, concurrency: 2, interval: '30s' } },
  worktrees: { setUp: ['npm ci'], passEnv: ['NPM_TOKEN'] },
  workflows: [],
  backends: [],
  scripted: { impl: [{ text: 'Done' }] },
}

function backendNamed(id: string): AgentBackend {
  return {
    id,
    detect: async () => ({ ok: true }),
    capabilities: () => {
      throw new Error('not asked for')
    },
    run: () => {
      throw new Error('not run')
    },
    close: async () => {},
  }
}

describe('configFileOf', () => {
  it.each(['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'])('finds atelier.config.%s', (ending) => {
    const dir = folderWith({ [`atelier.config.${ending}`]: '', 'atelier.config.toml': '' })
    expect(configFileOf(dir)).toBe(join(dir, `atelier.config.${ending}`))
  })

  it('finds none in a folder without one, without a folder, and where the name is that of a folder', () => {
    const dir = folderWith({ file: '' })
    mkdirSync(join(dir, 'atelier.config.ts'))
    symlinkSync('nowhere', join(dir, 'atelier.config.json'))
    expect(configFileOf(dir)).toBeNull()
    expect(configFileOf(join(dir, 'missing'))).toBeNull()
    expect(configFileOf(join(dir, 'file'))).toBeNull()
  })

  it('refuses two at once, naming both', async () => {
    const dir = folderWith({ 'atelier.config.yaml': '', 'atelier.config.ts': '' })
    const error = await refusal(() => loadConfig(dir))
    expect(error.code).toBe('invalid_config')
    expect(error.message).toContain(
      `${dir} has several configurations: atelier.config.ts, atelier.config.yaml.`,
    )
    expect(error.details).toEqual({ dir, files: ['atelier.config.ts', 'atelier.config.yaml'] })
  })

  it('says so if it cannot look', async () => {
    const dir = folderWith()
    symlinkSync('atelier.config.ts', join(dir, 'atelier.config.ts'))
    const error = await refusal(() => configFileOf(dir))
    expect(error.code).toBe('invalid_config')
    expect(error.message).toMatch(
      /Whether there is a configuration .*atelier\.config\.ts cannot be told: ELOOP/u,
    )
  })
})

describe('loadConfig of data', () => {
  it('reads YAML', async () => {
    const dir = folderWith({ 'atelier.config.yaml': `\uFEFF${YAML.replaceAll('\n', '\r\n')}` })
    expect(await loadConfig(dir)).toEqual({ file: join(dir, 'atelier.config.yaml'), ...LOADED })
  })

  it('reads JSON', async () => {
    const { configure, ...team } = LOADED
    const profiles = {
      coder: { role: 'You write code.', description: 'Writes code', maxTurns: 15, timeout: '90s' },
    }
    const json = JSON.stringify(
      { ...configure, ...team, backends: undefined, workflows: undefined, profiles },
      null,
      '\t',
    )
    const dir = folderWith({ 'atelier.config.json': json })
    expect(await loadConfig(dir)).toEqual({ file: join(dir, 'atelier.config.json'), ...LOADED })
  })

  it('is empty without a file, and with an empty one', async () => {
    const empty = {
      ...{ configure: {}, profiles: {}, agents: {}, workers: {}, worktrees: {} },
      ...{ workflows: [], backends: [] },
    }
    expect(await loadConfig(folderWith())).toEqual({ file: null, ...empty })
    const dir = folderWith({ 'atelier.config.yml': '# nothing yet\n' })
    expect(await loadConfig(dir)).toEqual({ file: join(dir, 'atelier.config.yml'), ...empty })
  })

  it.each([
    ['maxTurns: ten', '1:1', 'maxTurns is "ten"; it must be a whole number of at least 1.', 'maxTurns'],
    [
      'profiles:\n  coder:\n    role: x\n    maxTurns: 0\n',
      '4:5',
      'profiles.coder.maxTurns is 0; it must be a whole number of at least 1.',
      'profiles.coder.maxTurns',
    ],
    [
      'profiles:\n  coder:\n    model: x\n',
      '2:3',
      'profiles.coder.role is missing; it must be a text',
      'profiles.coder.role',
    ],
    [
      'agents:\n  impl:\n    allowedTools:\n      - Read\n      - 5\n',
      '5:9',
      'agents.impl.allowedTools[1] is 5; it must be a text',
      'agents.impl.allowedTools[1]',
    ],
    [
      'agents: { impl: { permissionMode: yolo } }',
      '1:19',
      'agents.impl.permissionMode is "yolo"; it must be one of default, accept_edits',
      'agents.impl.permissionMode',
    ],
    [
      '\nagents:\n  1:\n    rolle: x\n',
      '4:5',
      'agents["1"].rolle is not a known field. Did you mean role',
      'agents["1"].rolle',
    ],
    [
      'agents:\n  my agent: {}\n',
      '2:3',
      'agents["my agent"] is not a valid name; a name must be 1 to 64 characters',
      'agents["my agent"]',
    ],
    ['agents:\n  - impl\n', '1:1', 'agents is a list; it must be an object of agents by name.', 'agents'],
    ['agents:\n  impl:\n', '2:3', 'agents.impl is null; it must be a plain object.', 'agents.impl'],
    ['budget:\n  limitUsd: 5\n', '1:1', 'budget is not a known field.', 'budget'],
    [
      'model: x\nbackends: []\n',
      '2:1',
      'backends is a list; it must be left out here: a backend is code, so it belongs in atelier.config.ts.',
      'backends',
    ],
    ['env:\n  TOKEN: 12345\n', '2:3', 'env.TOKEN is a number; it must be a text', 'env.TOKEN'],
  ])('names line, column and field of a mistake (%#)', async (text, at, sentence, field) => {
    const dir = folderWith({ 'atelier.config.yaml': text })
    const file = join(dir, 'atelier.config.yaml')
    const error = await refusal(() => loadConfig(dir))
    expect(error.code).toBe('invalid_config')
    expect(error.message).toContain(`${file}:${at}: ${sentence}`)
    const [line, column] = at.split(':').map(Number)
    expect(error.details).toMatchObject({ file, line, column, field })
    expect(error.details).toHaveProperty('allowed')
  })

  it('names the place also in JSON, and every mistake on a line of its own', async () => {
    const dir = folderWith({ 'atelier.config.json': '{\n  "modell": "x",\n  "maxTurns": 0\n}\n' })
    const file = join(dir, 'atelier.config.json')
    const error = await refusal(() => loadConfig(dir))
    expect(error.message.split('\n')).toEqual([
      `${file}:2:3: modell is not a known field. Did you mean model?`,
      `${file}:3:3: maxTurns is 0; it must be a whole number of at least 1.`,
    ])
  })

  it.each(['worktree: true', 'workshopTools: true', 'skill: board'])(
    'refuses %s as unsupported',
    async (option) => {
      const dir = folderWith({ 'atelier.config.yaml': `agents:\n  impl:\n    ${option}\n` })
      const error = await refusal(() => loadConfig(dir))
      expect(error.code).toBe('unsupported')
      expect(error.message).toMatch(
        /atelier\.config\.yaml:3:5: agents\.impl\.\w+ works from a later version/u,
      )
    },
  )

  it('takes what is switched off', async () => {
    const dir = folderWith({ 'atelier.config.yaml': 'agents:\n  impl:\n    worktree: false\n' })
    expect((await loadConfig(dir)).agents).toEqual({ impl: { worktree: false } })
  })

  it('refuses a root that is no object', async () => {
    const dir = folderWith({ 'atelier.config.yaml': '- impl\n' })
    expect((await refusal(() => loadConfig(dir))).message).toBe(
      `${join(dir, 'atelier.config.yaml')}: the value is a list; it must be a plain object.`,
    )
  })

  it.each([
    ['yaml', 'model: x\nagents: [impl\n', 3, 'This is not valid YAML: '],
    ['yaml', 'model: x\n\tmaxTurns: 1\n', 2, 'This is not valid YAML: '],
    ['yaml', 'model: x\nmodel: y\n', 2, 'This is not valid YAML: Map keys must be unique'],
    ['yaml', 'model: !!js/function x\n', 1, 'This is not valid YAML: Unresolved tag'],
    ['yaml', 'model: x\n---\nmodel: y\n', 2, 'This is not valid YAML: Source contains multiple documents'],
    ['json', '{\n  "model": "x"\n  "maxTurns": 1\n}', 3, 'This is not valid JSON: '],
    ['json', '{\n  "model": "x",\n}', 3, 'This is not valid JSON: '],
    ['json', '{\n  "a": 1,\n  model: "x"\n}', 3, 'This is not valid JSON: '],
    ['json', '{\n  "model": "x",\n  "model": "y"\n}', 3, 'This is not valid JSON: Map keys must be unique'],
  ])('names the line of broken syntax in %s (%#)', async (ending, text, line, sentence) => {
    const dir = folderWith({ [`atelier.config.${ending}`]: text })
    const error = await refusal(() => loadConfig(dir))
    expect(error.code).toBe('invalid_config')
    expect(error.message).toContain(`atelier.config.${ending}:${line}:`)
    expect(error.message).toContain(sentence)
    expect(error.details).toMatchObject({ line })
  })

  it('refuses an empty JSON file and aliases that multiply', async () => {
    const empty = folderWith({ 'atelier.config.json': '' })
    expect((await refusal(() => loadConfig(empty))).message).toContain('This is not valid JSON: ')
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de']) bomb.push(`${to}: &${to} [${`*${from},`.repeat(10)}]`)
    const dir = folderWith({ 'atelier.config.yaml': bomb.join('\n') })
    expect((await refusal(() => loadConfig(dir))).message).toContain('Excessive alias count')
  })

  it.each([
    ['binary data', new Uint8Array([0x6d, 0xff, 0xfe]), 'it is not UTF-8 text'],
    ['a NUL character', 'model: "\0"', 'it is not UTF-8 text'],
    ['a huge file', '#'.repeat(1024 * 1024 + 1), 'it has 1048577 bytes; the limit is 1048576'],
  ])('refuses %s', async (_, content, why) => {
    const dir = folderWith({ 'atelier.config.yaml': content })
    const error = await refusal(() => loadConfig(dir))
    expect(error.code).toBe('invalid_config')
    expect(error.message).toContain(`The file cannot be read: ${why}.`)
  })

  it.skipIf(process.getuid?.() === 0)('says why a file cannot be read', async () => {
    const dir = folderWith({ 'atelier.config.yaml': 'model: x' })
    chmodSync(join(dir, 'atelier.config.yaml'), 0)
    expect((await refusal(() => loadConfig(dir))).message).toContain('The file cannot be read: EACCES')
  })
})

describe('readConfig', () => {
  it('checks what a program passes', async () => {
    const backend = backendNamed('mine')
    const config: WorkshopConfig = defineConfig({
      backend,
      model: 'opus',
      profiles: { coder: { role: 'Code.' } },
      agents: { impl: { profile: 'coder', maxTurns: 3 } },
      backends: [backendNamed('one'), async () => backendNamed('two')],
    })
    const loaded = await readConfig(config)
    expect(loaded).toMatchObject({
      file: null,
      configure: { backend, model: 'opus' },
      profiles: { coder: { definition: { role: 'Code.', fields: {} } } },
      agents: { impl: { profile: 'coder', maxTurns: 3 } },
      backends: [{ id: 'one' }, { id: 'two' }],
    })
    expect(loaded.configure.backend).toBe(backend)
  })

  it.each([
    [
      { agents: { impl: { maxTurns: -1 } } },
      'config: agents.impl.maxTurns is -1; it must be a whole number of at least 1.',
    ],
    [
      { backends: [{ id: 'x' }] },
      'config: backends[0] is an object; it must be an agent backend with id, detect',
    ],
    [
      { backends: [() => ({ id: 'x' })] },
      'config: What the function backends[0] returned is no backend; it must be an agent backend',
    ],
    [
      { backends: [() => Promise.reject(new Error('no key'))] },
      'config: backends[0] could not be made: no key.',
    ],
    [
      { backends: [backendNamed('a'), () => backendNamed('a')] },
      'config: backends has two with the id "a"; each needs an id of its own.',
    ],
    [new Map(), 'config: the value is an object; it must be a plain object.'],
    [[], 'config: the value is a list; it must be a plain object.'],
  ])('refuses a mistake (%#)', async (config, sentence) => {
    const error = await refusal(() => readConfig(config as WorkshopConfig))
    expect(error.code).toBe('invalid_config')
    expect(error.message).toContain(sentence)
    expect(error.details).toMatchObject({ file: null })
  })
})
