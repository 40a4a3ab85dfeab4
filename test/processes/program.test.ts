import { expect, test } from 'vitest'

import { childEnvironment } from '../../src/processes/environment.ts'
import { runProgram, type ProgramResult } from '../../src/processes/program.ts'
import { running, until, usePlace } from './support.ts'

const place = usePlace()

async function shell(script: string, signal?: AbortSignal, maxOutputBytes = 1000): Promise<ProgramResult> {
  const markers = { turn: place.turn }
  return runProgram({
    file: '/bin/sh',
    args: ['-c', script],
    cwd: place.dir,
    env: childEnvironment({ markers }),
    markers,
    maxOutputBytes,
    ...(signal && { signal }),
  })
}

test('a program gives what it printed and how it ended', async () => {
  expect(await shell('echo out; echo err >&2; exit 2')).toEqual({
    ok: true,
    exit: { code: 2, signal: null },
    stdout: 'out\n',
    isCut: false,
    stderr: 'err',
  })
})

test('of too much output the beginning is kept', async () => {
  const result = await shell('yes | head -c 5000000', undefined, 10)
  expect(result).toMatchObject({ stdout: 'y\ny\ny\ny\ny\n', isCut: true, exit: { code: 0 } })
})

test('a program that cannot start is a result', async () => {
  const result = await runProgram({
    file: 'atelier-no-such',
    cwd: place.dir,
    env: childEnvironment(),
    maxOutputBytes: 1,
  })
  expect(result).toMatchObject({ ok: false, failure: { kind: 'missing_executable' } })
})

test('the signal ends a program with everything that it started', async () => {
  const cancel = new AbortController()
  const result = shell('setsid sleep 60 & sleep 60', cancel.signal)
  await until('both sleep', async () => (await running(place.turn)).length >= 3)
  cancel.abort()
  expect(await result).toMatchObject({ ok: true, exit: { signal: 'SIGTERM' } })
  expect(await running(place.turn)).toEqual([])
})

test('a signal that was given before ends it as well', async () => {
  expect(await shell('exec sleep 60', AbortSignal.abort())).toMatchObject({
    ok: true,
    exit: { signal: 'SIGTERM' },
  })
})
