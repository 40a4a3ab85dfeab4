import { expect, it } from 'vitest'

import { parseChanges } from './differences.ts'
import { parseConflict } from './merging.ts'

it('a conflict has its files once, and what git says of each', () => {
  const fields = ['tree', 'a b.txt', 'a b.txt', 'ü\nx', '']
  const auto = ['1', 'c.txt', 'Auto-merging', 'Auto-merging c.txt\n']
  const both = ['2', 'a b.txt', 'd', 'CONFLICT (rename/delete)', 'CONFLICT (rename/delete): a b.txt\n']
  expect(parseConflict([...fields, ...auto, ...both, ''].join('\0'))).toEqual({
    files: ['a b.txt', 'ü\nx'],
    messages: ['CONFLICT (rename/delete): a b.txt'],
  })
  expect(parseConflict('tree\0a.txt')).toEqual({ files: ['a.txt'], messages: [] })
})

it('changes have a kind, lines where they are text, and tell a repository from a file', () => {
  const raw = [
    ':000000 100644 0 1 A',
    'new\tfile',
    ':100644 000000 1 0 D',
    'gone',
    ':160000 160000 1 2 M',
    'sub',
  ]
  const numbers = ['3\t0\tnew\tfile', '0\t4\tgone', '1\t1\tsub', '-\t-\tpicture.png']
  const file = { addedLines: null, deletedLines: null, isRepository: false }
  expect(parseChanges([...raw, ':100644 100755 1 2 T', 'picture.png', ...numbers, ''].join('\0'))).toEqual([
    { ...file, path: 'new\tfile', change: 'added', addedLines: 3, deletedLines: 0 },
    { ...file, path: 'gone', change: 'deleted', addedLines: 0, deletedLines: 4 },
    { ...file, path: 'sub', change: 'modified', addedLines: 1, deletedLines: 1, isRepository: true },
    { ...file, path: 'picture.png', change: 'modified' },
  ])
  expect(parseChanges('1\t2\tunknown\0')).toMatchObject([{ path: 'unknown', change: 'modified' }])
})
