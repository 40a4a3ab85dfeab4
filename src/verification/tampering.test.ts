import { describe, expect, it } from 'vitest'

import { findTampering, type TouchedFile } from './tampering.ts'

function kinds(command: string | readonly string[], ...files: readonly (string | TouchedFile)[]): string[] {
  const touched = files.map((file) =>
    typeof file === 'string' ? { path: file, change: 'modified' as const } : file,
  )
  return findTampering([command], touched).map(({ path, kind }) => `${kind} ${path}`)
}

const PACKAGE = (before: unknown, after: unknown): TouchedFile => ({
  path: 'packages/a/package.json',
  change: 'modified',
  before: JSON.stringify(before),
  after: JSON.stringify(after),
})

describe('what an attempt changed of its own verification', () => {
  it('is a file that the command names, or what lies in a folder that it names', () => {
    expect(kinds('cd x && sh ./scripts/check.sh', 'scripts/check.sh')).toEqual(['named scripts/check.sh'])
    expect(kinds('node "tools/run.js" --all', 'tools/run.js', 'src/run.js')).toEqual(['named tools/run.js'])
    expect(kinds(['pytest', 'checks/'], 'checks/a.txt')).toEqual([])
    expect(kinds(['pytest', './checks/all/'], 'checks/all/a.txt')).toEqual(['named checks/all/a.txt'])
    expect(kinds('sh .', 'a.sh')).toEqual([])
    expect(kinds('sh ..', 'a.sh')).toEqual([])
  })

  it('is the scripts of a package.json where the command runs them', () => {
    expect(kinds('npm test', 'package.json')).toEqual(['script package.json'])
    expect(kinds('cargo test', 'package.json')).toEqual([])
    expect(kinds('npm test', PACKAGE({ scripts: { test: 'a' } }, { scripts: { test: 'b' } }))).toEqual([
      'script packages/a/package.json',
    ])
    expect(kinds('npm test', PACKAGE({ jest: {} }, {}))).toHaveLength(1)
    expect(kinds('npm test', PACKAGE({ version: '1', scripts: {} }, { version: '2', scripts: {} }))).toEqual(
      [],
    )
  })

  it('is a package.json that cannot be read, or is new or gone', () => {
    const broken: TouchedFile = { path: 'package.json', change: 'modified', before: '{}', after: '{' }
    const added: TouchedFile = { path: 'package.json', change: 'added', after: '{}' }
    expect(kinds('npx vitest', broken)).toEqual(['script package.json'])
    expect(kinds('npx vitest', added)).toEqual(['script package.json'])
    expect(kinds('npx vitest', { ...broken, before: 'null', after: 'null' })).toEqual([])
  })

  it('is the configuration of a tool that is named, or of any behind a runner', () => {
    expect(kinds('pytest -q', 'sub/conftest.py', 'jest.config.ts')).toEqual(['config sub/conftest.py'])
    expect(kinds('node_modules/.bin/vitest run', 'vitest.config.ts')).toEqual(['config vitest.config.ts'])
    expect(kinds('npm test', 'vitest.config.ts', 'tsconfig.json', 'src/config.ts')).toEqual([
      'config vitest.config.ts',
      'config tsconfig.json',
    ])
    expect(kinds('make check', 'Makefile', '.mocharc.yml')).toEqual([
      'config Makefile',
      'config .mocharc.yml',
    ])
    expect(kinds('CI=1 ./gradlew test', 'build.gradle.kts')).toEqual(['config build.gradle.kts'])
  })

  it('is a test that was changed or deleted, and not one that was added', () => {
    const added: TouchedFile = { path: 'src/new.test.ts', change: 'added' }
    const deleted: TouchedFile = { path: 'pkg/a_test.go', change: 'deleted' }
    expect(kinds('true', 'src/a.test.ts', deleted, added, 'tests/data.json', 'FooTest.java')).toEqual([
      'test src/a.test.ts',
      'test pkg/a_test.go',
      'test tests/data.json',
      'test FooTest.java',
    ])
    expect(kinds('true', 'src/latest.ts', 'src/contest/a.ts')).toEqual([])
  })

  it('is told for each command', () => {
    const file: TouchedFile = { path: 'check.sh', change: 'modified' }
    expect(findTampering(['sh check.sh', 'npm test', ['sh', 'check.sh']], [file])).toEqual([
      { path: 'check.sh', kind: 'named', command: 'sh check.sh' },
      { path: 'check.sh', kind: 'named', command: ['sh', 'check.sh'] },
    ])
    expect(findTampering([], [file])).toEqual([])
  })
})
