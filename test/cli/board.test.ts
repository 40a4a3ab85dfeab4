/** The board on a command line: what a person reads, what a program gets, and how it ends. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { makeRepository } from '../workers/repository.ts'
import { widthOf } from '../../src/cli/text.ts'
import {
  cli,
  containing,
  MAIN,
  matching,
  project,
  run,
  shellWords,
  start,
  temporaryFolder,
} from './support.ts'

const TEAM = { backend: 'scripted', scripted: { reply: 'ok' }, agents: { impl: { role: 'You write code.' } } }

type Outcome = Awaited<ReturnType<typeof cli>>

/** Runs command lines one after the other, as a person would type them. */
async function typed(dir: string, ...lines: readonly string[]): Promise<Outcome> {
  let outcome: Outcome = { status: 0, out: '', err: '' }
  for (const line of lines) outcome = await cli([...shellWords(line), '--dir', dir])
  return outcome
}

/** A board with something in most sections. */
async function busyBoard(): Promise<string> {
  const dir = project(TEAM)
  await typed(
    dir,
    `work add auth 'Implement auth' --type code --priority high`,
    `work add api 'Implement an api that is described at a length that fits into no line of a screen' --type code`,
    'work add auth_review Review --type review --depends-on auth',
    'work add api_review Review --type review --depends-on api',
    `work add docs '設計書を読んで、足りないところを全部書き出してください。長い文章はここで切れるはずです。'`,
    'work claim auth --as impl',
    'work start auth',
    'work claim api',
    `work fail api 'The API has no login, and so there is nothing here that one could build on'`,
    'work claim docs',
    'work complete docs done',
    'work add more More --type ops',
  )
  return dir
}

describe('posting', () => {
  it('AS-26 AS-25 posts a file whole or not at all, and says where it is wrong', async () => {
    const dir = project(TEAM)
    const file = (name: string, text: string): string => {
      writeFileSync(join(dir, name), text)
      return `work add --file ${join(dir, name)}`
    }
    const good = file(
      'good.yaml',
      '- {id: a, title: A}\n- {id: b, title: B, dependsOn: [a], priority: high}\n',
    )
    expect(await typed(dir, good)).toMatchObject({
      status: 0,
      err: containing('Posted 2 items: 1 ready, 1 new.'),
    })
    const circle = file(
      'circle.json',
      '{"items":[{"id":"x","title":"X","dependsOn":["y"]},{"id":"y","title":"Y","dependsOn":["x"]}]}',
    )
    expect(await typed(dir, circle)).toMatchObject({ status: 2, err: containing('x -> y -> x') })
    expect(await typed(dir, file('broken.yaml', '- id: [a\n'))).toMatchObject({
      status: 2,
      err: matching(/broken\.yaml:\d+:\d+: /u),
    })
    expect(await typed(dir, file('field.yaml', '- {id: c, title: C, colour: red}\n'))).toMatchObject({
      status: 2,
      err: containing('"c"'),
    })
    expect(await typed(dir, 'work add --file nowhere.yaml')).toMatchObject({
      status: 2,
      err: containing('nowhere.yaml'),
    })
    expect(await typed(dir, 'work add q Q --file good.yaml')).toMatchObject({ status: 2 })
    expect(await typed(dir, 'work add q')).toMatchObject({ status: 2, err: containing('an id and a title') })
    const { out } = await typed(dir, 'board --json')
    expect((JSON.parse(out) as { items: { id: string }[] }).items.map(({ id }) => id)).toEqual(['b', 'a'])
  })

  it('takes a spec from a file or standard input, and commands with commas', async () => {
    const dir = project(TEAM)
    writeFileSync(join(dir, 'spec.md'), '# All of it\n')
    await typed(dir, `work add a A --spec-file ${join(dir, 'spec.md')} --verify 'a, b' --verify c`)
    await cli(['work', 'add', 'b', 'B', '--spec-file', '-', '--dir', dir], { input: 'piped\n' })
    const [a, b] = [await typed(dir, 'work show a --json'), await typed(dir, 'work show b --json')]
    expect(JSON.parse(a.out)).toMatchObject({
      spec: '# All of it\n',
      verify: [{ run: 'a, b' }, { run: 'c' }],
    })
    expect(JSON.parse(b.out)).toMatchObject({ spec: 'piped\n' })
    expect(await typed(dir, 'work add c C --spec x --spec-file spec.md')).toMatchObject({ status: 2 })
  })
})

describe('errors', () => {
  it.each([
    ['A30', 'work claim auth', 1, '"from":"executing","to":"claimed"', 'invalid_transition'],
    ['A30', 'work claim auht', 1, '"nearest":["auth"]', 'not_found'],
    ['AS-29', 'work complete auth x', 1, '"owner":"impl"', 'stale_claim'],
    ['AS-31', 'work cancel docs', 1, '"state":"done"', 'already_done'],
    ['AS-27', 'work add auth Again', 1, '"item":"auth"', 'already_exists'],
    ['A33', 'work remove api', 1, '"dependents":["api_review"]', 'conflict'],
    ['a time', 'work extend docs soon', 2, '"field"', 'invalid_input'],
    ['a typo', 'work frobnicate auth', 2, '"near"', 'invalid_input'],
    ['a verb of the library', 'cancel auth', 2, 'work cancel', 'invalid_input'],
  ])('%s: %s', async (_id, line, status, part, code) => {
    const dir = await busyBoard()
    const actor = line.includes('complete') ? ['--as', 'impl2'] : []
    const { out, err, ...rest } = await cli([...shellWords(line), ...actor, '--json', '--dir', dir])
    expect({ ...rest, out, err }).toMatchObject({
      status,
      out: containing(part),
      err: containing(`[${code}]`),
    })
  })
})

describe('the board', () => {
  it('says what stands where, who works on it and what is in the way', async () => {
    const { out } = await cli(['board', '--once', '--dir', await busyBoard()], { columns: 80 })
    const sections = out.split('\n\n').map((section) => section.split('\n'))
    const titles = sections.map(([title]) => title?.split(' ')[0])
    expect(titles.slice(1, 5)).toEqual(['Working', 'Needs', 'Waiting', 'Done'])
    expect(out).toMatch(/^auth +code +impl .*Implement auth$/mu)
    expect(out).toMatch(/^api .*The API has no login.*…$/mu)
    expect(out).toMatch(/^auth_review +review .*waits for auth · Review$/mu)
    expect(out).toMatch(/^api_review .*blocked by api \(failed\)/mu)
    expect(out).toMatch(/^more .*no worker yet · More$/mu)
    expect(out).toContain('No worker for type ops yet: atelier board-worker NAME ops')
    expect(out).toContain('1 new, 1 ready, 1 in progress, 1 done, 1 failed, 1 blocked')
  })

  it.each([80, 60])('is no wider than a screen of %d columns', async (columns) => {
    const dir = await busyBoard()
    for (const line of ['board --once', 'work ready', 'workers', 'work']) {
      const { out, status } = await cli([...shellWords(line), '--dir', dir], { columns })
      const wide = out.split('\n').filter((text) => widthOf(text) > columns && !text.startsWith('No worker'))
      expect({ line, status, wide: line === 'work' && columns < 80 ? [] : wide }).toEqual({
        line,
        status: 0,
        wide: [],
      })
    }
  })

  it('AS-40: filters, and prints what a program asks for', async () => {
    const dir = await busyBoard()
    const { out } = await typed(dir, 'board --type review --json')
    expect(JSON.parse(out)).toMatchObject({ items: [{}, {}], summary: { new: 1, blocked: 1, done: 0 } })
    expect(await typed(dir, 'board --status cancelled')).toEqual({
      ...{ status: 0, out: '', err: 'No such items on the board.\n' },
    })
    expect(await typed(dir, 'board --status gone')).toMatchObject({ status: 2 })
  })

  it('is a look: it makes nothing where nothing is', async () => {
    const dir = temporaryFolder()
    expect(await typed(dir, 'board')).toMatchObject({
      status: 0,
      out: '',
      err: containing('atelier work add ID'),
    })
    expect(() => readFileSync(join(dir, '.atelier'))).toThrow('ENOENT')
  })
})

describe('board --wait', () => {
  it('says who is missing, ends when all is done, and prints how', async () => {
    const dir = project(TEAM)
    await typed(dir, 'work add a A --type code', 'work add b B --depends-on a')
    const waiting = start(['board', '--wait'], { dir })
    await waiting.wrote('err', 'No worker for type code yet')
    await typed(dir, 'work claim a', 'work complete a')
    await waiting.wrote('err', 'No worker for type custom yet')
    await typed(dir, 'work claim b', 'work complete b')
    expect(await waiting.ended).toMatchObject({
      status: 0,
      err: containing('Nothing is left to do: 2 done.'),
    })
  }, 60_000)

  it('ends with 3 where something has failed or is blocked, or the time was up', async () => {
    const dir = project(TEAM)
    await typed(dir, 'work add a A', 'work add b B --depends-on a')
    expect(await typed(dir, 'board --wait --timeout 0')).toMatchObject({
      status: 3,
      err: containing('[timeout]'),
    })
    await typed(dir, 'work claim a', 'work fail a no')
    expect(await typed(dir, 'board --wait')).toMatchObject({
      status: 3,
      err: containing('1 failed, 1 waits'),
    })
    const { out, status } = await typed(dir, 'board --wait --json')
    expect(status).toBe(3)
    expect(JSON.parse(out)).toMatchObject({ settled: { failed: [{ id: 'a' }], waiting: [{ id: 'b' }] } })
    await typed(dir, 'work skip a', 'work cancel b')
    expect(await typed(dir, 'board --wait')).toMatchObject({ status: 0 })
  })

  it('stops waiting at Ctrl-C', async () => {
    const dir = project(TEAM)
    await typed(dir, 'work add a A')
    const waiting = start(['board', '--wait'], { dir })
    await waiting.wrote('err', 'No worker')
    waiting.child.kill('SIGINT')
    expect(await waiting.ended).toMatchObject({ status: 130 })
    expect((await typed(dir, 'board')).out).toContain('1 ready')
  }, 60_000)
})

describe('on a terminal', () => {
  it('changes as the work goes on, and leaves the screen as it was', async () => {
    const dir = project(TEAM)
    await typed(dir, 'work add a A --type code')
    const screen = onScreen('board', dir)
    await screen.shows(/Waiting.*1.*\ba\b.*no worker yet · A/su)
    await run(['work', 'claim', 'a'], { dir })
    await screen.shows(/Working.*1.*\ba\b.*claimed · A/su)
    await run(['work', 'complete', 'a'], { dir })
    await screen.shows(/Done.*1.*\ba\b.*unverified · A/su)
    screen.press('q')
    expect(await screen.ended).toContain('\u001B[?25h\u001B[?1049l')
  }, 60_000)

  it('shows how a wait goes on, and then what came of it', async () => {
    const dir = project(TEAM)
    await typed(dir, 'work add a A')
    const screen = onScreen('board --wait', dir)
    await screen.shows(/q stops waiting/u)
    await run(['work', 'claim', 'a'], { dir })
    await run(['work', 'complete', 'a'], { dir })
    const text = await screen.ended
    expect(text.slice(text.lastIndexOf('\u001B[?1049l'))).toContain('Nothing is left to do: 1 done.')
  }, 60_000)
})

interface Screen {
  /** Resolves when what was last drawn looks like this. */
  shows(pattern: RegExp): Promise<void>
  press(key: string): void
  /** Everything that was written. */
  readonly ended: Promise<string>
}

/** Runs a command line on a pseudo-terminal of 80 columns. */
function onScreen(words: string, dir: string): Screen {
  const command = `stty cols 80 rows 24; '${process.execPath}' '${MAIN}' ${words}`
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, TERM: 'xterm-256color', NO_COLOR: '1', ATELIER_TRUST: '1' },
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  const watchers = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more
    for (const watcher of watchers) watcher()
  })
  const ended = new Promise<string>((resolve) => child.once('close', () => resolve(text)))
  return {
    ended,
    press: (key) => void child.stdin.write(key),
    shows: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(text.slice(text.lastIndexOf('\u001B[H')))) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
        void ended.then(() => reject(new Error(`ended without ${pattern}: ${JSON.stringify(text)}`)))
      }),
  }
}

it('work complete --wait verifies and merges what a person has finished, where no host runs', async () => {
  const repository = await makeRepository()
  const { dir } = repository
  writeFileSync(join(dir, 'atelier.config.json'), JSON.stringify(TEAM))
  repository.git('checkout', '-q', '-b', 'mine')
  repository.write('made.txt', 'made\n')
  repository.git('add', 'made.txt')
  repository.git('commit', '-qm', 'Mine')
  repository.git('checkout', '-q', 'main')
  await typed(dir, `work add it 'Make it' --type code --verify 'test -f made.txt'`, 'work claim it')
  const red = await typed(dir, 'work complete it --branch main --wait')
  expect(red).toMatchObject({ status: 1, out: '' })
  expect(red.err).toContain('Verification failed: "test -f made.txt" ended with exit code 1')
  const waits = await typed(dir, `work complete it 'Made it' --branch mine`, 'work show it')
  expect(waits.out).toContain('waits for a host that verifies and merges it')
  const green = await typed(
    dir,
    'work release it',
    'work claim it',
    `work complete it 'Made it' --branch mine --wait`,
  )
  expect(green.status).toBe(0)
  expect(green.err).not.toContain('error')
  expect(repository.merged()).toEqual(['it'])
  const { out } = await typed(dir, 'work show it --json')
  expect(JSON.parse(out)).toMatchObject({ status: 'done', verified: true, result: 'Made it' })
})
