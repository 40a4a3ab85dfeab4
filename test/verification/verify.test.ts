import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { showCommand } from '../../src/processes/command.ts'
import { listProcesses } from '../../src/processes/process-table.ts'
import { verificationError, verify, type VerifyOptions } from '../../src/verification/verify.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { until, usePlace } from '../processes/support.ts'

const place = usePlace()

async function run(
  commands: VerifyOptions['commands'],
  options: Partial<VerifyOptions> = {},
): ReturnType<typeof verify> {
  return verify({ commands, cwd: place.dir, logDir: join(place.dir, 'logs'), ...options })
}

describe('verify commands', () => {
  test('are run in order, by the shell or as a list, and their logs are kept', async () => {
    const { ok, results } = await run(['echo "one ü" && echo two >&2', ['printf', '%s\n', 'a b', '$HOME']])
    expect(ok).toBe(true)
    expect(results.map(({ exitCode, tail, command }) => [exitCode, tail, command])).toEqual([
      [0, 'one ü\ntwo', 'echo "one ü" && echo two >&2'],
      [0, 'a b\n$HOME', `printf '%s\n' 'a b' '$HOME'`],
    ])
    expect(readFileSync(results[0]?.logFile ?? '', 'utf8')).toBe('one ü\ntwo\n')
    expect(verificationError({ ok, results })).toBeUndefined()
    expect(await run([])).toEqual({ ok: true, results: [] })
  })

  test('end with the first one that fails, which the error names with its end and its log', async () => {
    const verification = await run(['true', 'echo "1 of 3 failed"; exit 3', 'touch never'])
    expect(verification.results).toHaveLength(2)
    expect(existsSync(join(place.dir, 'never'))).toBe(false)
    const error = verificationError(verification)
    expect(error).toMatchObject({
      code: 'verification_failed',
      details: { reason: 'exit', exitCode: 3, tail: '1 of 3 failed' },
    })
    expect(error?.message).toContain('verify-2.log')
  })

  test('that hang are ended with everything that they started', async () => {
    const clock = new ManualClock()
    const running = run(['setsid sleep 60 & echo $! > pid; echo started; sleep 60'], {
      clock,
      timeoutMs: 60_000,
    })
    await until('the command runs', () => {
      const log = join(place.dir, 'logs', 'verify-1.log')
      return existsSync(log) && readFileSync(log, 'utf8') === 'started\n'
    })
    const pid = Number(readFileSync(join(place.dir, 'pid'), 'utf8'))
    await clock.advance(60_000)
    const verification = await running
    expect(verification.results).toMatchObject([{ timedOut: true, ok: false, tail: 'started' }])
    const error = verificationError(verification)
    expect(error).toMatchObject({ code: 'verification_failed', details: { reason: 'timeout' } })
    expect((await listProcesses()).filter((entry) => entry.pid === pid)).toEqual([])
  })

  test('that leave a server running leave none', async () => {
    const verification = await run(['setsid sleep 60 > /dev/null 2>&1 & echo $! > pid'])
    expect(verification.ok).toBe(true)
    const pid = Number(readFileSync(join(place.dir, 'pid'), 'utf8'))
    expect((await listProcesses()).filter((entry) => entry.pid === pid)).toEqual([])
  })

  test('are cancelled by a signal, before or while they run', async () => {
    const before = await run(['touch never'], { signal: AbortSignal.abort() })
    expect(existsSync(join(place.dir, 'never'))).toBe(false)
    expect(verificationError(before)?.code).toBe('cancelled')
    const stop = new AbortController()
    const running = run(['touch runs; sleep 60'], { signal: stop.signal })
    await until('the command runs', () => existsSync(join(place.dir, 'runs')))
    stop.abort()
    expect((await running).results).toMatchObject([{ cancelled: true, timedOut: false, exitCode: null }])
  })

  test('get the variables that are named, and nothing secret of this process', async () => {
    process.env['VERIFY_TOKEN'] = 'token-that-is-secret'
    process.env['VERIFY_PASSED'] = 'passed'
    const { results } = await run(
      ['echo "[$VERIFY_TOKEN][$VERIFY_PASSED][$MINE]"; echo token-that-is-secret'],
      {
        env: { MINE: 'mine' },
        passEnv: ['VERIFY_PASSED'],
      },
    )
    delete process.env['VERIFY_TOKEN']
    delete process.env['VERIFY_PASSED']
    expect(results[0]?.tail).toBe('[][passed][mine]\n[redacted]')
  })

  test('that do not exist fail with what the shell says, and those without a folder say so', async () => {
    const missing = await run([['no-such-program', 'x']])
    expect(missing.results[0]).toMatchObject({ exitCode: 127, ok: false })
    expect(missing.results[0]?.tail).toContain('no-such-program')
    const nowhere = verificationError(await run(['true'], { cwd: join(place.dir, 'none') }))
    expect(nowhere).toMatchObject({ code: 'verification_failed', details: { reason: 'start' } })
    const killed = verificationError(await run([`kill -9 $$`]))
    expect(killed?.details).toMatchObject({ reason: 'exit', exitCode: null })
  })

  test('are judged by their exit status, also where the log cannot be written', async () => {
    const file = join(place.dir, 'file')
    writeFileSync(file, '')
    const { ok, results } = await run(['echo seen'], { logDir: join(file, 'below') })
    expect([ok, results[0]?.tail]).toEqual([true, 'seen'])
    expect(results[0]?.problem).toContain('not complete')
    mkdirSync(join(place.dir, 'full'))
    const full = await run(['head -c 70000000 /dev/zero | tr "\\0" "\\n"'], {
      logDir: join(place.dir, 'full'),
    })
    expect([full.ok, full.results[0]?.problem]).toEqual([true, expect.stringContaining('longer than 64 MiB')])
  })
})

test('a command is shown as a person would type it', () => {
  expect(showCommand('npm test')).toBe('npm test')
  expect(showCommand(['echo', "it's", 'a-b'])).toBe(`echo 'it'\\''s' a-b`)
})
