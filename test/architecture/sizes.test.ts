import { expect, it } from 'vitest'
import { readSources } from './sources.ts'

const LINES_AT_MOST = 400

/** Files that are longer and should be, each with its reason. */
const LONGER: Readonly<Record<string, string>> = {
  'table-specs.ts': 'a line for each column of each table: a list, and no decision',
}

function lines(text: string): number {
  return text.split('\n').length - 1
}

it('no file of src grows past 400 lines without a reason', () => {
  const sources = readSources()
  const long = [...sources].filter(([, text]) => lines(text) > LINES_AT_MOST).map(([path]) => path)
  expect(sources.size).toBeGreaterThan(20)
  expect(long.filter((path) => LONGER[path] === undefined)).toEqual([])
})

it('every listed reason is still needed', () => {
  const sources = readSources()
  const short = Object.keys(LONGER).filter((path) => lines(sources.get(path) ?? '') <= LINES_AT_MOST)
  expect(short).toEqual([])
})
