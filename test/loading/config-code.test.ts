/** Configurations in code are loaded by Node itself, in a process of their own: the test runner has another loader. */
import { execFile } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { ErrorData } from '../../src/errors.ts'
import { folderWith } from './files.ts'

const CONFIG_FILE = new URL('../../src/loading/config-file.ts', import.meta.url).href
const PROGRAM = `
import { loadConfig } from '${CONFIG_FILE}'
const report = (outcome) => process.stdout.write(JSON.stringify(outcome))
loadConfig(process.argv[1]).then(
  (loaded) => report({ loaded: { ...loaded, backends: loaded.backends.map(({ id }) => id) } }),
  (refused) => report({ refused }),
)`

interface Outcome {
  readonly loaded?: unknown
  readonly refused?: ErrorData
  /** What Node wrote beside: warnings. */
  readonly stderr: string
}

async function load(dir: string): Promise<Outcome> {
  const inputs = ['--input-type=module', '--eval', PROGRAM, dir]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, inputs, { cwd: dir })
  return { ...(JSON.parse(stdout) as Outcome), stderr }
}

const TYPESCRIPT = `import { role } from './roles.ts'
interface Extra { readonly maxTurns: number }
const extra: Extra = { maxTurns: 3 }
const mine = { id: 'mine', detect() {}, capabilities() {}, run() {}, close() {} }
export default {
  backend: mine,
  profiles: { coder: { role, ...extra } },
  agents: { impl: { profile: 'coder', timeout: '5m' as const } },
  backends: [async () => ({ ...mine, id: 'other' })],
}
`
const ROLES = 'export const role: string = "You write code."\n'

describe('loadConfig of code', () => {
  it.each([
    ['ts', '{}'],
    ['ts', '{ "type": "commonjs" }'],
    ['ts', '{ "type": "module" }'],
    ['mts', '{}'],
  ])(
    'strips the types of atelier.config.%s in a project with package.json %s, without a warning',
    async (ending, manifest) => {
      const file = `atelier.config.${ending}`
      const dir = folderWith({
        [file]: TYPESCRIPT.replace('./roles.ts', './roles.mts'),
        'roles.mts': ROLES,
        'package.json': manifest,
      })
      const outcome = await load(dir)
      expect(outcome.refused).toBeUndefined()
      expect(outcome.loaded).toMatchObject({
        file: join(dir, file),
        profiles: { coder: { definition: { role: 'You write code.', fields: { maxTurns: 3 } } } },
        agents: { impl: { profile: 'coder', timeout: '5m' } },
        backends: ['other'],
      })
      expect(outcome.stderr).toBe('')
    },
  )

  it.each([
    ['atelier.config.mjs', 'export default { model: "opus" }'],
    ['atelier.config.js', 'module.exports = { model: "opus" }'],
  ])('loads %s by the rules of Node', async (file, text) => {
    const dir = folderWith({ [file]: text })
    expect((await load(dir)).loaded).toMatchObject({ file: join(dir, file), configure: { model: 'opus' } })
  })

  it('finds atelier itself in a project that has not installed it', async () => {
    const dir = folderWith({
      'atelier.config.ts':
        "import { defineConfig } from 'atelier'\nexport default defineConfig({ model: 'opus' })\n",
    })
    expect(await load(dir)).toMatchObject({ loaded: { configure: { model: 'opus' } } })
  })

  it('prefers the atelier that the project has installed', async () => {
    const dir = folderWith({
      'atelier.config.ts':
        "import { defineConfig } from 'atelier'\nexport default defineConfig({ model: 'opus' })\n",
      'node_modules/atelier/package.json': '{ "name": "atelier", "type": "module", "exports": "./index.js" }',
      'node_modules/atelier/index.js':
        'export const defineConfig = (config) => ({ ...config, effort: "high" })',
    })
    expect(await load(dir)).toMatchObject({ loaded: { configure: { model: 'opus', effort: 'high' } } })
  })

  it.each([
    ['ts', 'export default {\n  model: ,\n}\n', ':2: The file does not load: Expression expected.', 2],
    [
      'ts',
      '\nenum Mode { A }\nexport default { model: Mode.A }\n',
      ':2: The file does not load: TypeScript enum is not supported',
      2,
    ],
    [
      'ts',
      "import { nothing } from 'node:fs'\nexport default nothing\n",
      ":1: The file does not load: The requested module 'node:fs' does not provide an export named 'nothing'.",
      1,
    ],
    [
      'ts',
      'const model: string = "x"\n\nthrow new Error("no key")\nexport default { model }\n',
      ':3: The file does not load: no key.',
      3,
    ],
    ['mjs', 'export default {\n  model: ,\n}\n', 'shows the line.', undefined],
    ['ts', 'throw null\nexport default {}\n', ': The file does not load: null.', undefined],
    [
      'ts',
      "import 'left-pad'\nexport default {}\n",
      "The file does not load: Cannot find package 'left-pad' imported from",
      undefined,
    ],
    [
      'ts',
      'export const config = {}\n',
      ': The file has no default export. Write: export default defineConfig({ … }).',
      undefined,
    ],
    [
      'ts',
      'export default { agents: { impl: { maxTurns: 0 } } }\n',
      ': agents.impl.maxTurns is 0; it must be a whole number of at least 1.',
      undefined,
    ],
    ['ts', 'export default () => ({})\n', ': the value is a function; it must be a plain object.', undefined],
  ])('says what is wrong, where, in %s (%#)', async (ending, text, sentence, line) => {
    const dir = folderWith({ [`atelier.config.${ending}`]: text })
    const { refused } = await load(dir)
    expect(refused?.code).toBe('invalid_config')
    expect(refused?.message).toContain(join(dir, `atelier.config.${ending}`))
    expect(refused?.message).toContain(sentence)
    expect(refused?.details?.['line']).toBe(line)
  })

  it('names the imported file that is broken', async () => {
    const dir = folderWith({
      'atelier.config.ts': "import { role } from './roles.ts'\nexport default { context: role }\n",
      'roles.ts': 'export const role: string = "x"\nexport const = 5\n',
    })
    const { refused } = await load(dir)
    expect(refused?.message).toContain(`(${join(dir, 'roles.ts')}:2).`)
    expect(refused?.details).toEqual({ file: join(dir, 'atelier.config.ts') })
  })

  it.each([
    ['model: ,', 'Expression expected'],
    ['model: (() => { throw new Error("boom") })()', 'boom'],
  ])('names the line in a folder whose name means something in a URL (%#)', async (field, why) => {
    const dir = join(
      folderWith({ '100% ä #1/atelier.config.ts': `export default {\n  ${field}\n}\n` }),
      '100% ä #1',
    )
    const { refused } = await load(dir)
    expect(refused?.message).toContain(`${join(dir, 'atelier.config.ts')}:2: The file does not load: ${why}.`)
  })

  it('loads through a link as it does in the folder itself', async () => {
    const dir = folderWith({
      'project/package.json': '{ "type": "commonjs" }',
      'project/atelier.config.ts': 'export default { model: "opus" as const }\n',
      'broken/atelier.config.ts': '\nexport default { model: , }\n',
      'lying/atelier.config.ts': 'throw new Error("at file://host/x.ts:1:1")\n',
    })
    symlinkSync('project', join(dir, 'link'))
    symlinkSync('broken', join(dir, 'link to broken'))
    expect(await load(join(dir, 'link'))).toMatchObject({
      loaded: { configure: { model: 'opus' } },
      stderr: '',
    })
    expect((await load(join(dir, 'link to broken'))).refused?.details).toMatchObject({ line: 2 })
    expect((await load(join(dir, 'lying'))).refused?.code).toBe('invalid_config')
  })

  it('leaves the loader of other modules as it was', async () => {
    const dir = folderWith({
      'atelier.config.ts':
        "export default { agents: { impl: {} }, context: await import('atelier').then(() => 'own') }\n",
      'after.mjs': `import { loadConfig } from '${CONFIG_FILE}'
await loadConfig(process.argv[2])
process.stdout.write(JSON.stringify({ loaded: await import('atelier').then(() => 'found', () => 'not found') }))
`,
    })
    const { stdout } = await promisify(execFile)(process.execPath, [join(dir, 'after.mjs'), dir])
    expect(JSON.parse(stdout)).toEqual({ loaded: 'not found' })
  })
})
