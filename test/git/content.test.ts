import { execFileSync } from 'node:child_process'
import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readContent } from '../../src/git/content.ts'
import { temporaryFolder } from '../direct/team.ts'

it('sees a change that kept size and time of a file, made in the second in which the index was written', async () => {
  const dir = await temporaryFolder()
  const git = (...args: string[]): string => execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim()
  const file = join(dir, 'notes.txt')
  const past = new Date('2026-01-01T12:00:00Z')
  git('init', '-q')
  // The change time cannot be set; without it the two are the same to git, as within one second of any clock.
  git('config', 'core.trustctime', 'false')
  writeFileSync(file, 'before\n')
  utimesSync(file, past, past)
  git('add', '.')
  utimesSync(join(dir, '.git', 'index'), past, past)
  const { tree } = await readContent({ dir })
  writeFileSync(file, 'after.\n')
  utimesSync(file, past, past)
  const changed = await readContent({ dir })
  expect(changed.tree).not.toBe(tree)
  expect(git('show', `${changed.tree}:notes.txt`)).toBe('after.')
})
