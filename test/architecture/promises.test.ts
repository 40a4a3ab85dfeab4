import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

/** Scenarios and features that this version covers, by the ids of the specification. */
const PROMISED = [
  ...[
    'AS-01',
    'AS-02',
    'AS-03',
    'AS-04',
    'AS-05',
    'AS-06',
    'AS-07',
    'AS-08',
    'AS-09',
    'AS-10',
    'AS-11',
    'AS-12',
  ],
  ...['AS-14', 'AS-120'],
  ...[
    'A01',
    'A02',
    'A03',
    'A04',
    'A05',
    'A06',
    'A07',
    'A08',
    'A09',
    'A10',
    'A11',
    'A13',
    'A14',
    'A15',
    'A16',
  ],
  ...['A17', 'A18', 'A40', 'A46', 'A47', 'A48', 'A49', 'A50', 'A54', 'E05', 'E12', 'E14'],
  // The board.
  ...[
    'A26',
    'A27',
    'A28',
    'A29',
    'A30',
    'A31',
    'A32',
    'A33',
    'A34',
    'A35',
    'A36',
    'A37',
    'A38',
    'A39',
    'A45',
  ],
  ...['C04', 'C05', 'D07', 'D08', 'D09', 'D13', 'D14', 'D15', 'D21', 'E03', 'E06', 'E15'],
  ...['AS-21', 'AS-22', 'AS-23', 'AS-24', 'AS-25', 'AS-26', 'AS-27', 'AS-29', 'AS-30', 'AS-31', 'AS-32'],
  ...['AS-33', 'AS-35', 'AS-36', 'AS-37', 'AS-38', 'AS-40', 'AS-41', 'AS-42', 'AS-80', 'AS-81', 'AS-82'],
  ...['AS-107', 'AS-109', 'AS-110', 'AS-111', 'AS-116', 'AS-128', 'AS-129'],
]

/** The names of every test and group in the tests of this repository. */
function namesOfTests(): string[] {
  const files = ['src', 'test'].flatMap((root) =>
    readdirSync(join(import.meta.dirname, '../..', root), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.test.ts') && !entry.parentPath.includes('node_modules'))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
  return files.flatMap((file) =>
    [
      ...readFileSync(file, 'utf8').matchAll(
        /\b(?:describe|it|test)(?:\.\w+)?(?:\([^'"`]*\))?\(\s*['"`](.*)/gu,
      ),
    ].map(([, name]) => name ?? ''),
  )
}

it('every scenario and feature that is promised stands in the name of a test', () => {
  const names = namesOfTests()
  expect(names.length).toBeGreaterThan(500)
  const missing = PROMISED.filter((id) => !names.some((name) => new RegExp(`\\b${id}\\b`, 'u').test(name)))
  expect(missing).toEqual([])
})
