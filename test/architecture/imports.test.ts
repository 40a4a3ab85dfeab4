import { describe, expect, it } from 'vitest'
import { importsOf, violations } from './imports.ts'
import { readSources } from './sources.ts'

const FILES_AT_LEAST = 25
const IMPORTS_AT_LEAST = 60

describe('who may import whom', () => {
  it('holds for every file of src', () => {
    expect(violations(readSources())).toEqual([])
  })

  it('looked at the real files and found their imports', () => {
    const sources = readSources()
    const imports = [...sources].flatMap(([path, text]) => importsOf(path, text))
    expect(sources.size).toBeGreaterThanOrEqual(FILES_AT_LEAST)
    expect(imports.length).toBeGreaterThanOrEqual(IMPORTS_AT_LEAST)
    // Every `from '…'` at the start of a line's end is one that the parser must have seen.
    const froms = [...sources.values()].join('\n').match(/^(?:import|\}).* from '[^']+'$/gm) ?? []
    expect(imports.length).toBeGreaterThanOrEqual(froms.length)
  })

  it.each([
    ['team/turns.ts', "import { openSqlite } from '../stores/sqlite/driver.ts'", 'may not import stores'],
    ['team/turns.ts', "import {\n  fake,\n} from '../testing/index.ts'", 'may not import testing'],
    ['cli/main.ts', "const t = await import('../testing/index.ts')", 'may not import testing'],
    ['cli/main.ts', "import type { Store } from '../store.ts'", 'may not import store'],
    ['stores/memory/store.ts', "import { open } from '../sqlite/driver.ts'", 'are siblings'],
    ['agent-backends/command.ts', "import { play } from './scripted.ts'", 'are siblings'],
    ['money/ledger.ts', "import { now } from '../time/clock.ts'", 'but as a type'],
    ['money/ledger.ts', "import { readFileSync } from 'node:fs'", 'nothing of Node'],
    ['money/ledger.ts', 'export async function reserve(): Promise<void> {}', 'no async'],
    ['agents/mailbox.ts', 'export const at = Date.now()', 'no clock'],
    ['git/diff.ts', "const crypto = process.getBuiltinModule('node:crypto')", 'only time and ids'],
    ['git/diff.ts', "import { execa } from 'execa'", 'not for area git'],
    ['team/all.ts', "export * from './turns.ts'", 'only the public entries'],
    ['helpers/x.ts', "import { y } from '../errors.ts'", 'not in the table'],
  ])('is red when %s says %j', (path, text, reason) => {
    expect(violations(new Map([[path, text]]))).toEqual([expect.stringContaining(reason)])
  })

  it.each([
    ['stores/sqlite.ts', "import { INSERT } from './sql/events.ts'"],
    ['team/turns.ts', "import { decide } from '../agents/mailbox.ts'"],
    ['money/ledger.ts', "import type { Clock } from '../time/clock.ts'"],
    ['money/ledger.ts', "import { parseDuration } from '../time/duration.ts'"],
    ['money/ledger.ts', "type Clock = typeof import('../time/clock.ts')"],
    ['money/ledger.ts', "/** Example:\n * import x from 'node:fs' */\nconst told = 'await it' // await it"],
    ['team/turns.test.ts', "import { manualClock } from '../testing/index.ts'"],
  ])('is green when %s says %j', (path, text) => {
    expect(violations(new Map([[path, text]]))).toEqual([])
  })
})
