import { spawn } from 'node:child_process'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { startChild, type ChildStart } from '../../src/processes/child.ts'
import { childEnvironment } from '../../src/processes/environment.ts'
import { isAlive, readStat } from '../../src/processes/identity.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { lineOf, running, startScript, textOf, until, usePlace } from './support.ts'

const place = usePlace()
const fixture = new URL('fixtures/host-with-leftovers.ts', import.meta.url).pathname

test('a child says what it prints and how it ends', async () => {
  const child = await startScript(place, 'echo out; echo err >&2; exit 3')
  expect(await textOf(child.stdout)).toBe('out\n')
  expect(await child.gone).toEqual({ code: 3, signal: null })
  expect(child.stderrTail()).toBe('err')
})

test('what comes from stderr after the exit is not lost', async () => {
  const child = await startScript(place, 'exec >&-; (sleep 0.1; echo "the reason" >&2) & exit 1')
  expect(await textOf(child.stdout)).toBe('')
  expect(await child.gone).toEqual({ code: 1, signal: null })
  expect(child.stderrTail()).toBe('the reason')
})

test('a child reads end of file from stdin at once', async () => {
  const child = await startScript(place, 'cat; echo read')
  expect(await textOf(child.stdout)).toBe('read\n')
  await child.gone
})

test('a child reads what its owner writes', async () => {
  const child = await startScript(place, 'cat', { stdin: 'open' })
  await child.write('für ')
  await child.write('dich')
  child.closeInput()
  expect(await textOf(child.stdout)).toBe('für dich')
  await child.gone
})

test('a child leads a session of its own', async () => {
  const child = await startScript(place, 'echo up; cat', { stdin: 'open' })
  const output = child.stdout[Symbol.asyncIterator]()
  await lineOf(output, 'up')
  expect(readStat(child.pid)).toMatchObject({ group: child.pid, session: child.pid })
  child.closeInput()
  await output.next()
  await child.gone
})

test('a child that does not read a text of 8 MB ends as if there were none', async () => {
  const child = await startScript(place, 'exec 0<&-; echo done', { stdin: 'open' })
  const written = child.write('x'.repeat(8_000_000))
  child.closeInput()
  expect(await textOf(child.stdout)).toBe('done\n')
  expect(await child.gone).toEqual({ code: 0, signal: null })
  await written
})

test('stop ends a child by SIGTERM', async () => {
  const child = await startScript(place, 'echo up; exec sleep 60')
  const output = child.stdout[Symbol.asyncIterator]()
  await lineOf(output, 'up')
  expect(await child.stop()).toEqual({ code: null, signal: 'SIGTERM' })
})

test('a child that ignores SIGTERM is killed after 2 s', async () => {
  const clock = new ManualClock()
  const script = 'trap "echo no" TERM; echo up; while :; do read x && echo "$x"; done'
  const child = await startScript(place, script, { clock, stdin: 'open' })
  const output = child.stdout[Symbol.asyncIterator]()
  await lineOf(output, 'up')
  const stopped = child.stop()
  await lineOf(output, 'no')
  await clock.advance(1999)
  await child.write('still here\n')
  await lineOf(output, 'still here')
  await clock.advance(1)
  expect(await stopped).toEqual({ code: null, signal: 'SIGKILL' })
  expect(clock.pending).toBe(0)
})

test('stop ends the shells of tools, which have sessions of their own', async () => {
  const child = await startScript(
    place,
    'setsid sh -c "sleep 61 & echo $$ inner; exec sleep 60" & sleep 62 & wait',
  )
  await until('all four run', async () => (await running(place.turn)).length >= 4)
  await child.stop()
  expect(await running(place.turn)).toEqual([])
})

test('stop ends a process that shed its environment and its session', async () => {
  const child = await startScript(place, 'setsid env -i /bin/sh -c "echo \\$\\$; exec sleep 60" & wait')
  const output = child.stdout[Symbol.asyncIterator]()
  const pid = Number(String((await output.next()).value))
  const start = readStat(pid)?.start ?? ''
  expect(isAlive(pid, start)).toBe(true)
  await child.stop()
  expect(isAlive(pid, start)).toBe(false)
})

test('stop twice is one stop, and after the end it changes nothing', async () => {
  const child = await startScript(place, 'echo up; exec sleep 60')
  await lineOf(child.stdout[Symbol.asyncIterator](), 'up')
  const [first, second] = await Promise.all([child.stop(), child.stop()])
  expect(second).toBe(first)
  expect(await child.stop()).toBe(first)
})

test('what a child left behind is ended with it, also in a session of its own', async () => {
  const child = await startScript(
    place,
    'setsid sleep 60 >/dev/null 2>&1 & sleep 61 >/dev/null 2>&1 & echo said',
  )
  expect(await textOf(child.stdout)).toBe('said\n')
  expect(await child.gone).toEqual({ code: 0, signal: null })
  expect(await running(place.turn)).toEqual([])
})

test('a pipe that others hold open is not waited for', async () => {
  const child = await startScript(place, 'setsid sleep 60 & echo said')
  expect(await textOf(child.stdout)).toBe('said\n')
  expect(await child.gone).toEqual({ code: 0, signal: null })
})

test('what was printed before the exit reaches a reader that is slow', async () => {
  const child = await startScript(place, 'sleep 60 & yes | head -c 40000')
  const output = child.stdout[Symbol.asyncIterator]()
  let length = String((await output.next()).value).length
  await child.gone
  for (let piece = await output.next(); piece.done !== true; piece = await output.next())
    length += piece.value.length
  expect(length).toBe(40_000)
})

test('a host ends by itself although a child left a process that holds its pipes', async () => {
  const host = spawn(process.execPath, [fixture, place.turn], { stdio: ['ignore', 'pipe', 'inherit'] })
  const said = await textOf(host.stdout)
  expect(said).toBe('said\n')
  expect(host.exitCode ?? (await new Promise((resolve) => host.once('exit', resolve)))).toBe(0)
})

test('children do not gather file descriptors', async () => {
  const count = (): number => readdirSync('/proc/self/fd').length
  await (
    await startScript(place, 'true')
  ).gone
  const before = count()
  for (let n = 0; n < 10; n++) {
    const child = await startScript(place, 'sleep 60 >/dev/null & echo said >&2')
    await child.stop()
  }
  await until('the descriptors are closed', () => count() <= before)
  expect(count()).toBeLessThanOrEqual(before)
})

test('what cannot start is a failure of a kind', async () => {
  const script = join(place.dir, 'agent.sh')
  writeFileSync(script, '#!/no/such/interpreter\n')
  const start = async (file: string, args: string[] = [], cwd = place.dir): Promise<ChildStart> =>
    startChild({ file, args, cwd, env: childEnvironment() })

  expect(await start('atelier-no-such-program')).toMatchObject({
    ok: false,
    failure: { kind: 'missing_executable', message: expect.stringContaining('not on PATH') as string },
  })
  expect(await start(script)).toMatchObject({ ok: false, failure: { kind: 'spawn' } })
  chmodSync(script, 0o755)
  expect(await start(script)).toMatchObject({
    ok: false,
    failure: { kind: 'missing_executable', message: expect.stringContaining('interpreter') as string },
  })
  expect(await start('true', [], join(place.dir, 'none'))).toMatchObject({
    ok: false,
    failure: { kind: 'spawn', message: expect.stringContaining('does not exist') as string },
  })
  expect(await start('true', ['x'.repeat(3_000_000)])).toMatchObject({
    ok: false,
    failure: { kind: 'invalid_request', message: expect.stringContaining('stdin') as string },
  })
  expect(await start('true', ['nul\0'])).toMatchObject({
    ok: false,
    failure: { kind: 'invalid_request', message: expect.stringContaining('NUL') as string },
  })
})

test('a child that is not there yet leaves nothing when it is stopped at once', async () => {
  const child = await startScript(place, 'sleep 60 & sleep 60 & wait')
  await child.stop()
  expect(await running(place.turn)).toEqual([])
  expect(readStat(child.pid)).toBeUndefined()
})
