/** Every verb, as a process of its own. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { splitVerb } from '../../src/cli/arguments.ts'
import { wordsOf } from '../../src/cli/command.ts'
import { OPERATIONS } from '../../src/operations/table.ts'
import { cli, containing, type Finished, matching, project, run, temporaryFolder } from './support.ts'

const TEAM = {
  backend: 'scripted',
  scripted: { reply: '@AGENT@: @PROMPT@', costUsd: 0.25, usage: { input: 1200, output: 30 } },
  agents: { impl: { role: 'You write code.' }, reviewer: { role: 'You review code.' } },
}

const WALK: readonly (readonly [words: string[], part: unknown])[] = [
  [['profile', 'coder', 'You', 'write', 'code.', '--timeout', '5m'], { profile: 'coder' }],
  [['agent', 'tests', 'You test.', '--profile', 'coder'], { agent: 'tests' }],
  [['agents'], ['impl', 'reviewer', 'tests']],
  [
    ['profiles'],
    expect.arrayContaining([expect.objectContaining({ name: 'coder', role: 'You write code.' })]),
  ],
  [['info', 'tests'], { name: 'tests', profile: 'coder', timeoutMs: 300_000, role: 'You test.' }],
  [['ask', 'impl', 'Implement', 'caching'], { agent: 'impl', text: 'impl: Implement caching', cost: 0.25 }],
  [['result', 'impl'], 'impl: Implement caching'],
  [['result', 'impl', '--full'], { result: 'impl: Implement caching', costUsd: 0.25, isError: false }],
  [
    ['pipe', 'impl', 'reviewer', 'Review it'],
    { agent: 'reviewer', text: 'reviewer: Review it\n\nimpl: Implement caching' },
  ],
  [
    ['fan', 'What now?', 'impl', 'tests'],
    { impl: { text: 'impl: What now?' }, tests: { text: 'tests: What now?' } },
  ],
  [['await', 'impl'], { text: 'impl: What now?' }],
  [['await-all'], { impl: { agent: 'impl' }, reviewer: { agent: 'reviewer' }, tests: { agent: 'tests' } }],
  [['history', 'impl', '--last', '1'], [expect.objectContaining({ prompt: 'What now?', state: 'answered' })]],
  [['transcript', 'impl'], expect.arrayContaining([expect.objectContaining({ kind: 'answer' })])],
  [
    ['status'],
    { costUsd: 1, agents: [expect.objectContaining({ name: 'impl', turns: 2, status: 'idle' }), {}, {}] },
  ],
  [['cost'], { total: { costUsd: 1, turns: 4 } }],
  [['budget'], { limitUsd: null, usedUsd: 1 }],
  [['budget', '--limit', '5', '--agent', 'impl'], { limitUsd: 5, usedUsd: 0.5, remainingUsd: 4.5 }],
  [['budget', '--reset', '--agent', 'impl'], { limitUsd: 5, usedUsd: 0 }],
  [['budget', '--limit', 'none', '--agent', 'impl'], { limitUsd: null }],
  [['put', 'limits', '{"retries":3}'], { key: 'limits', value: { retries: 3 }, version: 1 }],
  [['put', 'limits', 'many', 'more', '--if-version', '1'], { value: 'many more', version: 2 }],
  [['put', 'offset', '-5'], { value: -5 }],
  [['get', 'limits'], 'many more'],
  [['get', 'limits', '--entry'], { version: 2, by: matching(/./u) }],
  [['get', 'nothing', '--fallback', '0'], 0],
  [['keys'], ['limits', 'offset']],
  [['keys', 'lim'], ['limits']],
  [['remove', 'offset'], { key: 'offset', removed: true }],
  [['every', 'tests', '15m', 'Run the tests'], { agent: 'tests', intervalMs: 900_000, ticks: 0 }],
  [['schedules'], [expect.objectContaining({ agent: 'tests', prompt: 'Run the tests' })]],
  [['cancel-schedule', 'tests'], { agent: 'tests', cancelled: true }],
  [['interrupt', 'impl'], { agent: 'impl', cancelled: 0 }],
  [
    ['work', 'add', 'auth', 'Implement', 'auth', '--type', 'code', '--verify', 'true'],
    [{ id: 'auth', status: 'ready' }],
  ],
  [['work', 'add', 'docs', 'Write it', '--depends-on', 'auth'], [{ id: 'docs', status: 'new' }]],
  [['work', 'from-result', 'impl', 'plan', '--priority', '1'], [{ id: 'plan', status: 'ready' }]],
  [
    ['work', 'ready'],
    [
      { id: 'plan', priority: 1 },
      { id: 'auth', type: 'code' },
    ],
  ],
  [['work', 'show', 'plan'], { spec: 'impl: What now?', title: 'From impl result' }],
  [['work', 'claim', 'auth', '--as', 'impl'], { item: 'auth', owner: 'impl' }],
  [['work', 'extend', 'auth', '2h', '--as', 'impl'], { item: 'auth', owner: 'impl' }],
  [['work', 'start', 'auth', '--as', 'impl'], { id: 'auth', status: 'in_progress' }],
  [['work', 'release', 'auth'], { id: 'auth', status: 'ready' }],
  [['work', 'claim', 'auth'], { item: 'auth' }],
  [['work', 'complete', 'auth', 'it', 'works', '--wait'], { id: 'auth', status: 'done', verified: true }],
  [['work', 'claim', 'docs'], { item: 'docs' }],
  [['work', 'fail', 'docs', 'no paper'], { id: 'docs', status: 'failed', why: 'no paper' }],
  [['work', 'retry', 'docs'], { id: 'docs', status: 'ready' }],
  [['work', 'cancel', 'docs', 'not now'], { id: 'docs', status: 'cancelled', why: 'not now' }],
  [['work', 'skip', 'docs'], { id: 'docs', state: 'skipped' }],
  [['board', '--status', 'done'], { items: [{}, {}], summary: { done: 2, ready: 0 } }],
  [['work', 'remove', 'plan'], { removed: ['plan'] }],
  [['work', 'clear'], { removed: ['docs', 'auth'] }],
  [['workers'], []],
  [
    ['events', '--last', '2', '--type', 'context.put,context.removed'],
    [{}, { type: 'context.removed' }],
  ],
  [['git-summary'], containing('main')],
  [['git-diff'], containing('+two')],
  [['request', 'Which', 'database?'], { question: 'Which database?', state: 'open' }],
  [['inbox'], [expect.objectContaining({ question: 'Which database?', kind: 'question' })]],
  [['reset', 'impl'], { agent: 'impl' }],
  [['reset-all'], { agents: ['impl', 'reviewer', 'tests'] }],
  [['dismiss', 'tests'], { agent: 'tests' }],
  [['worktrees'], []],
]

/** Not in the walk: they have tests of their own, since they do not end, leave a host behind, or need an id. */
const ELSEWHERE = [
  // In workflows.test.ts.
  ...['workflow run', 'workflow validate', 'workflow list', 'workflow status', 'workflow graph'],
  ...['workflow trace', 'workflow pause', 'workflow resume', 'workflow cancel', 'workflow skip'],
  ...['workflow retry', 'workflow signal', 'workflow reset', 'workflow export', 'workflow checkpoints'],
  'watch',
  'cast',
  'answer',
  'approve',
  'reject',
  'withdraw',
]

describe('every verb as a process, with --json', () => {
  const outcomes: { readonly words: string[]; readonly finished: Finished; readonly part: unknown }[] = []
  beforeAll(async () => {
    const dir = project(TEAM)
    const git = (...words: string[]): void =>
      void execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...words], { cwd: dir })
    git('init', '--quiet', '-b', 'main')
    writeFileSync(join(dir, 'file.txt'), 'one\n')
    git('add', '.')
    git('commit', '--quiet', '-m', 'first')
    writeFileSync(join(dir, 'file.txt'), 'one\ntwo\n')
    for (const [words, part] of WALK)
      outcomes.push({ words, finished: await run([...words, '--json'], { dir }), part })
  }, 120_000)

  it.each(WALK.map(([words], index) => [words.join(' '), index]))('%s', (_words, index) => {
    const { finished, part } = outcomes[index]!
    expect({ status: finished.status, err: finished.err }).toMatchObject({ status: 0 })
    const data: unknown = JSON.parse(finished.out)
    expect([data]).toEqual([likeness(part)])
  })

  it('left none out', () => {
    const walked = new Set([...WALK.map(([words]) => splitVerb(words).verb), ...ELSEWHERE])
    expect(OPERATIONS.map(wordsOf).filter((words) => !walked.has(words))).toEqual([])
  })
})

/** Stands for any value that has at least what this one has; lists are as long. */
function likeness(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || 'asymmetricMatch' in part) return part
  if (Array.isArray(part)) return part.map(likeness)
  return expect.objectContaining(
    Object.fromEntries(Object.entries(part).map(([name, one]) => [name, likeness(one)])),
  )
}

describe('standard input', () => {
  it('is the prompt where none is given, or where a dash stands for it', async () => {
    const dir = project(TEAM)
    const missing = await cli(['ask', 'impl', '--dir', dir], { input: 'from a pipe\n' })
    const dash = await cli(['ask', 'impl', '-', '--dir', dir], { input: 'line one\nline two\n' })
    const put = await cli(['put', 'plan', '--json', '--dir', dir], { input: '{"steps":[1,2]}\n' })
    expect([missing.out, dash.out]).toEqual(['impl: from a pipe\n', 'impl: line one\nline two\n'])
    expect(JSON.parse(put.out)).toMatchObject({ value: { steps: [1, 2] } })
  })

  it('is refused where it is empty', async () => {
    const dir = project(TEAM)
    expect(await cli(['ask', 'impl', '--dir', dir])).toMatchObject({
      status: 2,
      err: containing('Standard input is empty'),
    })
  })

  it('may be long, and is refused with advice where it is too long', async () => {
    const dir = project({ ...TEAM, scripted: { reply: 'read it' } })
    const long = await run(['ask', 'impl'], { dir, input: 'x'.repeat(3_000_000) })
    expect(long).toMatchObject({ status: 0, out: 'read it\n' })
    const longer = await run(['ask', 'impl'], { dir, input: 'x'.repeat(5_000_000) })
    expect(longer).toMatchObject({ status: 2, err: matching(/limit .*name the file/u) })
  })
})

describe('the folder', () => {
  it('is found from below, or named', async () => {
    const dir = project(TEAM)
    await cli(['ask', 'impl', 'hello', '--dir', dir])
    const below = join(dir, 'src', 'deep')
    execFileSync('mkdir', ['-p', below])
    expect((await cli(['agents'], { cwd: below })).out).toBe('impl\nreviewer\n')
    expect((await cli(['--dir', dir, 'agents'])).out).toBe('impl\nreviewer\n')
    expect(await cli(['status', '--dir', join(dir, 'nowhere')])).toMatchObject({
      status: 1,
      err: containing('[not_found]'),
    })
  })

  it('gets nothing written into it by a look', async () => {
    const dir = temporaryFolder()
    expect(await cli(['status', '--json', '--dir', dir])).toMatchObject({ status: 0 })
    expect(execFileSync('ls', ['-A', dir], { encoding: 'utf8' })).toBe('')
  })
})

describe('init', () => {
  it('sets up a folder in which the first ask works, and overwrites nothing', async () => {
    const dir = temporaryFolder()
    const env = { ATELIER_TRUST: '', XDG_CONFIG_HOME: join(dir, 'config') }
    const first = await run(['init'], { dir, env })
    expect(first).toMatchObject({ status: 0, out: '', err: containing('atelier ask impl') })
    expect(readFileSync(join(dir, '.atelier', 'state', '.gitignore'), 'utf8')).toBe('*\n')
    const asked = await run(['ask', 'impl', 'hello'], { dir, env })
    expect(asked).toMatchObject({ status: 0, out: containing('hello') })
    const config = join(dir, 'atelier.config.yaml')
    writeFileSync(config, `${readFileSync(config, 'utf8')}\n# mine\n`)
    const again = await run(['init', '--json'], { dir, env })
    expect(JSON.parse(again.out)).toMatchObject({ written: false, agents: ['impl', 'reviewer'] })
    expect(readFileSync(config, 'utf8')).toContain('# mine')
  })

  it('writes TypeScript when asked to', async () => {
    const dir = temporaryFolder()
    expect(await run(['init', '--ts'], { dir })).toMatchObject({ status: 0 })
    expect(await run(['ask', 'reviewer', 'hello'], { dir })).toMatchObject({
      status: 0,
      out: containing('hello'),
    })
  })

  it('is needed, or trust, before a configuration of somebody else is loaded', async () => {
    const dir = project(TEAM)
    const env = { ATELIER_TRUST: '', XDG_CONFIG_HOME: join(dir, 'config') }
    const refused = await run(['ask', 'impl', 'hello'], { dir, env })
    expect(refused).toMatchObject({ status: 2, err: containing('atelier trust') })
    expect(await run(['trust'], { dir, env })).toMatchObject({ status: 0 })
    expect(await run(['ask', 'impl', 'hello'], { dir, env })).toMatchObject({
      status: 0,
      out: 'impl: hello\n',
    })
  })
})

describe('completion', () => {
  it.each([['bash'], ['zsh']])(
    'is a script that %s can read, with verbs, flags and agents',
    async (shell) => {
      const dir = project(TEAM)
      const { out } = await cli(['completion', shell, '--dir', dir])
      const check = `${out.replace(/^autoload.*\n/u, '')}
      atelier() { echo "impl reviewer"; }
      COMP_WORDS=(atelier sta) COMP_CWORD=1; _atelier; echo "\${COMPREPLY[*]}"
      COMP_WORDS=(atelier ask im) COMP_CWORD=2; _atelier; echo "\${COMPREPLY[*]}"
      COMP_WORDS=(atelier ask --ti) COMP_CWORD=2; _atelier; echo "\${COMPREPLY[*]}"
      COMP_WORDS=(atelier work cl) COMP_CWORD=2; _atelier; echo "\${COMPREPLY[*]}"
      COMP_WORDS=(atelier work claim --a) COMP_CWORD=3; _atelier; echo "\${COMPREPLY[*]}"`
      expect(execFileSync('bash', ['-c', check], { encoding: 'utf8' })).toBe(
        'status\nimpl\n--timeout\nclaim clear\n--as\n',
      )
    },
  )

  it('is a script for fish', async () => {
    const { out } = await cli(['completion', 'fish', '--dir', temporaryFolder()])
    expect(out).toContain('complete -c atelier -n __fish_use_subcommand -f -a await-all')
    expect(out).toContain("-n '__fish_seen_subcommand_from work' -f -a claim")
  })
})
