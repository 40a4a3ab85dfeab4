/**
 * Measures how fast Atelier is, against floors where there are some.
 *
 * usage: npm run bench -- [--json] [--check] [--short] [--only NAME]...
 */
import { parseArgs } from 'node:util'
import { askOverhead } from './ask-overhead.ts'
import { claims1, claims16, claims4, claimsAt100k, claimShare16 } from './claims.ts'
import { claudeTurnOverhead } from './claude-turn.ts'
import { cliCold } from './cli-cold.ts'
import { dagMakespan10k, dagMakespan1k } from './dag-makespan.ts'
import { describeTarget, figureOf, meets, type Figure, type Measurement } from './figure.ts'
import { idleCpu } from './idle-cpu.ts'
import { loopBlock } from './loop-block.ts'
import { messagesPerSecond } from './messages.ts'
import { quotaWastedStarts } from './quota-starts.ts'
import { readyToStart, readyToStartOther } from './ready-to-start.ts'
import { recoveryTime } from './recovery.ts'
import { hostRss8 } from './rss-claude.ts'
import { rssGrowth } from './rss-growth.ts'
import { sweepTime } from './sweep.ts'
import { transitionsPerSecond } from './transitions.ts'
import { watchLatency } from './watch-latency.ts'
import { chain100, chain1000, chain5000, chainGrowth, fan10k, resume5000 } from './workflow-runs.ts'

const MEASUREMENTS: readonly Measurement[] = [
  askOverhead,
  messagesPerSecond,
  cliCold,
  rssGrowth,
  watchLatency,
  loopBlock,
  idleCpu,
  sweepTime,
  claudeTurnOverhead,
  hostRss8,
  quotaWastedStarts,
  transitionsPerSecond,
  claims1,
  claims4,
  claims16,
  claimShare16,
  claimsAt100k,
  readyToStart,
  readyToStartOther,
  recoveryTime,
  dagMakespan1k,
  dagMakespan10k,
  chain100,
  chain1000,
  chain5000,
  chainGrowth,
  fan10k,
  resume5000,
]

const USAGE = `usage: npm run bench -- [--json] [--check] [--short] [--only NAME]...
  --json    print {name: {value, unit, floor, ratio}} and nothing else
  --check   end with 1 if a target is missed
  --short   leave out what takes minutes
  --only    measure only this; may stand several times: ${MEASUREMENTS.map(({ name }) => name).join(', ')}
`

interface Choice {
  readonly json: boolean
  readonly check: boolean
  readonly short: boolean
  readonly only: readonly string[]
}

/** @throws Error if the words ask for what there is not */
function choiceOf(words: readonly string[]): Choice {
  const { values } = parseArgs({
    args: [...words],
    options: {
      json: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      short: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
    },
  })
  const unknown = values.only.find((name) => !MEASUREMENTS.some((measurement) => measurement.name === name))
  if (unknown !== undefined) throw new Error(`There is no measurement ${unknown}.`)
  return values
}

/** A target that is missed is a figure; what cannot be measured is an error. */
async function main(): Promise<number> {
  let choice: Choice
  try {
    choice = choiceOf(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return 2
  }
  const { json, check } = choice
  const chosen = MEASUREMENTS.filter(
    (measurement) => isWanted(measurement, choice) && isPossible(measurement),
  )
  const figures = new Map<Measurement, Figure>()
  for (const measurement of chosen) {
    const figure = await measure(measurement)
    if (figure !== undefined) figures.set(measurement, figure)
  }
  process.stdout.write(json ? `${jsonOf(figures)}\n` : tableOf(figures))
  const allMeet = [...figures].every(([{ target }, figure]) => meets(figure, target))
  return figures.size < chosen.length || (check && !allMeet) ? 1 : 0
}

/** What is asked for by its name is measured, however long it takes. */
function isWanted({ name, isLong = false }: Measurement, { short, only }: Choice): boolean {
  return only.length === 0 ? !(short && isLong) : only.includes(name)
}

/** What is not installed is left out with a word; that is no failure. */
function isPossible({ name, missing }: Measurement): boolean {
  const why = missing?.()
  if (why !== undefined) process.stderr.write(`${name} is skipped: ${why}\n`)
  return why === undefined
}

/** Undefined if it could not be measured; the others still are. */
async function measure({ name, unit, measure: run }: Measurement): Promise<Figure | undefined> {
  const start = performance.now()
  process.stderr.write(`${name} …\n`)
  try {
    const figure = figureOf(unit, await run((text) => process.stderr.write(`  ${text}\n`)))
    process.stderr.write(`  took ${((performance.now() - start) / 1000).toFixed(0)} s\n`)
    return figure
  } catch (error) {
    process.stderr.write(
      `  failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    )
    return undefined
  }
}

function jsonOf(figures: ReadonlyMap<Measurement, Figure>): string {
  return JSON.stringify(Object.fromEntries([...figures].map(([{ name }, figure]) => [name, figure])), null, 2)
}

function tableOf(figures: ReadonlyMap<Measurement, Figure>): string {
  const header = ['name', 'value', 'unit', 'floor', 'ratio', 'target', 'verdict']
  const rows = [...figures].map(([{ name, unit, target }, figure]) => [
    name,
    String(figure.value),
    unit,
    String(figure.floor ?? '-'),
    String(figure.ratio ?? '-'),
    describeTarget(target, unit),
    meets(figure, target) ? 'ok' : 'MISSED',
  ])
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}\n`
  const legend = [...figures.keys()].map(({ name, what }) => `${name.padEnd(widths[0] ?? 0)}  ${what}\n`)
  return [line(header), ...rows.map(line), '\n', ...legend].join('')
}

process.exitCode = await main()
