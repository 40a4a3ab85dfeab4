import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { mergeTrees } from '../../src/git/merging.ts'
import { failureOf } from '../workspaces/support.ts'

const path = process.env['PATH']
let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'atelier-old-git-'))
  process.env['PATH'] = dir
})
afterEach(() => {
  process.env['PATH'] = path
  rmSync(dir, { recursive: true })
})

/** A program in the place of git that says something and fails. */
function gitThatSays(text: string, code: number): void {
  writeFileSync(join(dir, 'git'), `#!/bin/sh\necho '${text}' >&2\nexit ${code}\n`, { mode: 0o755 })
}

test('a git that is too old, missing or broken is told apart', async () => {
  expect(await failureOf(mergeTrees({ dir }, 'a', 'b'))).toMatchObject({ code: 'unsupported' })
  gitThatSays('usage: git merge-tree <base-tree> <branch1> <branch2>', 129)
  const old = await failureOf(mergeTrees({ dir }, 'a', 'b'))
  expect(old).toMatchObject({ code: 'unsupported', details: { oldest: '2.38' } })
  gitThatSays('fatal: bad object a', 128)
  expect(await failureOf(mergeTrees({ dir }, 'a', 'b'))).toMatchObject({ code: 'workspace_failed' })
  gitThatSays('error: unable to write file x: No space left on device', 128)
  expect(await failureOf(mergeTrees({ dir }, 'a', 'b'))).toMatchObject({ code: 'disk_full' })
})
