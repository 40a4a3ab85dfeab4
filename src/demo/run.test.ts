import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { widthOf } from '../cli/text.ts'
import type { DemoSink } from './narrator.ts'
import { runDemo } from './run.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

function pipe(write: (text: string) => void = () => {}): DemoSink {
  return { isTerminal: false, colour: false, width: Number.POSITIVE_INFINITY, write }
}

async function watchDemo(): Promise<{ text: string; dir: string }> {
  let text = ''
  await runDemo({ name: 'direct', out: pipe((piece) => void (text += piece)) })
  const dir = /^Project: (.+)$/mu.exec(text)?.[1] ?? ''
  onTestFinished(() => rm(dirname(dir), { recursive: true, force: true }))
  return { text, dir }
}

/** A folder in which the demo makes its own. */
async function emptyTemporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-demo-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  vi.stubEnv('TMPDIR', folder)
  return folder
}

test('the direct demo ends with a commit whose tests are green, the transcript and the costs', async () => {
  const { text, dir } = await watchDemo()
  const log = execFileSync('git', ['-C', dir, 'log', '-1', '--format=%s by %an'], { encoding: 'utf8' })
  expect(log.trim()).toBe('Retry failed notifications by impl')
  expect(execFileSync('git', ['-C', dir, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('')
  execFileSync(process.execPath, ['--test'], { cwd: dir, stdio: 'ignore' })
  // The reviewer's failing tests are in the record because they really failed.
  expect(text).toMatch(/not ok \d+ - there is no pause after the last attempt/u)
  expect(text).toMatch(/total +5 +56,800 +6,120 +\$0\.262/u)
})

test('no line of the direct demo is wider than 80 columns, and it ends with what to try next', async () => {
  const { text, dir } = await watchDemo()
  const lines = text.replaceAll(dir, '/tmp/atelier-demo-123456/task-ledger').split('\n')
  expect(lines.length).toBeGreaterThan(60)
  expect(lines.filter((line) => widthOf(line) > 80)).toEqual([])
  const end = text.slice(text.indexOf('What to try next'))
  expect(end).toContain(`git -C ${dir} show`)
  expect(end).toContain(`npm run atelier -- history impl --dir ${dir}`)
  expect(end).toContain('npm run demo -- --backend claude --model-server')
})

test.each(['board', 'direct'])('an aborted demo ends as cancelled: %s', async (name) => {
  await emptyTemporaryFolder()
  await expect(
    runDemo({ name, signal: AbortSignal.abort(), out: pipe() }).catch(
      (error: unknown) => (error as { code?: string }).code,
    ),
  ).resolves.toBe('cancelled')
})

test('an unknown demo is refused with those there are', async () => {
  await expect(runDemo({ name: 'nope', out: pipe() })).rejects.toMatchObject({ code: 'not_found' })
})

test('options of real agents are refused for scripted ones', async () => {
  const folder = await emptyTemporaryFolder()
  for (const options of [{ modelServer: true }, { claude: 'claude', backend: 'scripted' }] as const)
    await expect(runDemo({ ...options, out: pipe() })).rejects.toMatchObject({ code: 'invalid_input' })
  expect(readdirSync(folder)).toEqual([])
})
