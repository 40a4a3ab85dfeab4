import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runDemo } from './run.ts'

async function watchDemo(): Promise<{ text: string; dir: string }> {
  let text = ''
  await runDemo({ out: { isTerminal: false, colour: false, write: (piece) => void (text += piece) } })
  const dir = /^Project: (.+)$/mu.exec(text)?.[1] ?? ''
  onTestFinished(() => rm(dirname(dir), { recursive: true, force: true }))
  return { text, dir }
}

test('the demo ends with a commit whose tests are green, the transcript and the costs', async () => {
  const { text, dir } = await watchDemo()
  const log = execFileSync('git', ['-C', dir, 'log', '-1', '--format=%s by %an'], { encoding: 'utf8' })
  expect(log.trim()).toBe('Retry failed notifications by impl')
  expect(execFileSync('git', ['-C', dir, 'status', '--porcelain'], { encoding: 'utf8' })).toBe('')
  execFileSync(process.execPath, ['--test'], { cwd: dir, stdio: 'ignore' })
  // The reviewer's failing tests are in the record because they really failed.
  expect(text).toMatch(/not ok \d+ - attempts: 3 calls an operation that keeps failing three times/u)
  expect(text).toMatch(/total +5 +56,800 +6,120 +\$0\.262/u)
})

test('an aborted demo ends as cancelled', async () => {
  await expect(
    runDemo({
      signal: AbortSignal.abort(),
      out: { isTerminal: false, colour: false, write: () => {} },
    }).catch((error: unknown) => (error as { code?: string }).code),
  ).resolves.toBe('cancelled')
})

test('an unknown demo is refused with those there are', async () => {
  await expect(
    runDemo({ name: 'nope', out: { isTerminal: false, colour: false, write: () => {} } }),
  ).rejects.toMatchObject({
    code: 'not_found',
  })
})
