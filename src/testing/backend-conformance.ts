/**
 * What every agent backend must do, as named cases that any test runner can run:
 *
 *     for (const { name, run } of backendCases(harness)) test(name, run)
 *
 * A backend that cannot show a case skips it by name and with a reason.
 */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict'

import { BackendBench, sessionOf, usageOf, type BackendHarness } from './backend-bench.ts'

/** One case; `run` throws where the backend does not do what it must. */
export interface BackendCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/** Cases that a backend does not run, each with the reason. */
export type SkippedCases = Readonly<Record<string, string>>

/**
 * The cases for one backend.
 * @param makeHarness called anew for each case
 * @throws Error if a skipped case does not exist or has no reason
 */
export function backendCases(
  makeHarness: () => BackendHarness | Promise<BackendHarness>,
  skip: SkippedCases = {},
): readonly BackendCase[] {
  for (const [name, reason] of Object.entries(skip)) {
    if (!(name in CASES)) throw new Error(`There is no case ${JSON.stringify(name)} to skip.`)
    if (reason.trim() === '') throw new Error(`The case ${JSON.stringify(name)} is skipped without a reason.`)
  }
  const names = Object.keys(CASES).filter((name) => !(name in skip))
  return names.map((name) => ({
    name,
    run: async () => {
      const harness = await makeHarness()
      const bench = new BackendBench(harness, await harness.open())
      try {
        await (CASES[name] as CaseBody)(bench)
        await bench.expectNoProcess()
      } finally {
        await bench.close()
      }
    },
  }))
}

type CaseBody = (bench: BackendBench) => Promise<void>

const HARD_TEXT =
  'zwölf Boxkämpfer 日本語 🧑‍💻 e\u0301 עברית\n\t"quotes" \'single\' $(echo no) `echo no` ${HOME} \\n %s {prompt}'
const BIG_TEXT_BYTES = 2_000_000
const SECRET = 'correct-horse-battery-staple'

const CASES: Readonly<Record<string, CaseBody>> = {
  'answers with what the agent says': async (bench) => {
    const { outcome } = await bench.run('hello')
    equal(outcome.status, 'completed')
    equal(outcome.text, 'Hello.')
  },

  'streams the text that it answers with': async (bench) => {
    const { events, outcome } = await bench.run('hello')
    const deltas = events.map((event) => (event.t === 'text' ? event.delta : ''))
    ok(deltas.join('').includes(outcome.text), 'the pieces of text hold the answer')
  },

  'ends with exactly one end, whatever happens': async (bench) => {
    for (const behaviour of ['hello', 'fail', 'empty'] as const) await bench.run(behaviour)
  },

  'does not throw for a folder that is not there': async (bench) => {
    const { outcome } = await bench.run('environment', { cwd: `${bench.harness.cwd}/not-there` })
    equal(outcome.status, 'failed')
  },

  'names its session, the same in the stream and at the end': async (bench) => {
    const { events, outcome } = await bench.run('hello')
    const named = events.flatMap((event) => (event.t === 'session' ? [event.ref] : []))
    equal(outcome.session?.backend, bench.backend.id)
    notEqual(outcome.session.id, '')
    equal(named.at(-1)?.id, outcome.session.id)
  },

  'goes on with a session': async (bench) => {
    const first = await bench.run('turn_number')
    const second = await bench.run('turn_number', { resume: sessionOf(first.outcome) })
    deepEqual([first.outcome.text, second.outcome.text], ['1', '2'])
    equal(second.outcome.session?.id, first.outcome.session?.id)
  },

  'begins a new session where none is named': async (bench) => {
    const first = await bench.run('turn_number')
    const second = await bench.run('turn_number')
    deepEqual([first.outcome.text, second.outcome.text], ['1', '1'])
    notEqual(second.outcome.session?.id, first.outcome.session?.id)
  },

  'goes on with a session in another process, if it says so': async (bench) => {
    if (bench.backend.capabilities().resume !== 'cross-process') return
    const first = await bench.run('turn_number')
    await bench.reopen()
    const second = await bench.run('turn_number', { resume: sessionOf(first.outcome) })
    equal(second.outcome.text, '2')
  },

  'runs turns at the same time without mixing them': async (bench) => {
    const texts = ['one', 'two', 'three']
    const results = await Promise.all(texts.map((text) => bench.run('echo', {}, { text })))
    deepEqual(
      results.map(({ outcome }) => outcome.text),
      texts,
    )
  },

  'a turn that is cancelled before it starts does not start': async (bench) => {
    const { events, outcome } = await bench.run('hang', {}, { signal: AbortSignal.abort() })
    equal(outcome.status, 'cancelled')
    equal(events.length, 1)
  },

  'a turn that is cancelled in the middle ends, and leaves no process': async (bench) => {
    const cancel = new AbortController()
    const running = bench.run('hang', {}, { signal: cancel.signal })
    await bench.untilProcessesRun()
    cancel.abort({ kind: 'cancelled', message: 'No longer wanted.' })
    const { outcome } = await running
    equal(outcome.status, 'cancelled')
    await bench.expectNoProcess()
  },

  'a turn that was cancelled does not spoil the next one': async (bench) => {
    const cancel = new AbortController()
    const running = bench.run('hang', {}, { signal: cancel.signal })
    await bench.untilProcessesRun()
    cancel.abort()
    const { outcome } = await running
    const next = await bench.run('hello', outcome.session === undefined ? {} : { resume: outcome.session })
    equal(next.outcome.text, 'Hello.')
  },

  'cancelling after the end changes nothing': async (bench) => {
    const cancel = new AbortController()
    const { outcome } = await bench.run('hello', {}, { signal: cancel.signal })
    cancel.abort()
    equal(outcome.status, 'completed')
  },

  'a reader that goes away ends the turn, and leaves no process': async (bench) => {
    const events = bench.start('hang')
    await events.next()
    await events.next()
    await events.return?.()
    await bench.expectNoProcess()
  },

  'an error of the agent is a failure of its kind': async (bench) => {
    const { outcome } = await bench.run('fail')
    ok(outcome.status === 'failed', 'the turn failed')
    equal(outcome.failure.kind, bench.harness.failure)
    notEqual(outcome.failure.message.trim(), '')
  },

  'an answer without text is a failure': async (bench) => {
    const { outcome } = await bench.run('empty')
    ok(outcome.status === 'failed', 'the turn failed')
    equal(outcome.failure.kind, 'empty_output')
  },

  'an option that it does not take is refused, not ignored': async (bench) => {
    const all = {
      model: 'm',
      effort: 'high',
      maxTurns: 99,
      maxBudgetUsd: 99,
      allowedTools: ['Read'],
      disallowedTools: ['X'],
    }
    const { options } = bench.backend.capabilities()
    for (const [option, value] of Object.entries(all)) {
      if (options.some((known) => known === option)) continue
      const { outcome } = await bench.run('hello', { [option]: value })
      ok(outcome.status === 'failed', `${option} is refused`)
      equal(outcome.failure.kind, 'invalid_request')
      match(outcome.failure.message, new RegExp(option, 'u'))
    }
  },

  'usage and cost are those of the turn, not of the session': async (bench) => {
    const first = await bench.run('usage')
    const second = await bench.run('usage', { resume: sessionOf(first.outcome) })
    for (const { events, outcome } of [first, second]) {
      deepEqual(outcome.usage, bench.harness.usage.usage)
      equal(outcome.costUsd, bench.harness.usage.costUsd)
      deepEqual(usageOf(events), bench.harness.usage.usage)
    }
  },

  'an unknown cost is left out': async (bench) => {
    const { outcome } = await bench.run('hello')
    equal(outcome.costUsd, undefined)
  },

  'the agent gets the environment of the request and of no one else': async (bench) => {
    const name = 'ATELIER_CONFORMANCE_LEAK'
    process.env[name] = 'leaked'
    try {
      const { outcome, request } = await bench.run('environment', {
        env: { GREETING: 'from the request' },
        host: 'host_x',
      })
      const lines = outcome.text.split('\n')
      ok(lines.includes('GREETING=from the request'), 'the variables of the request are there')
      ok(lines.includes(`ATELIER_TURN=${request.turn}`), 'the marker of the turn is there')
      ok(lines.includes('ATELIER_HOST=host_x'), 'the marker of the host is there')
      ok(!outcome.text.includes(name), 'no variable of the host is there')
    } finally {
      delete process.env[name]
    }
  },

  'a secret of the environment reaches no event': async (bench) => {
    const { events } = await bench.run('environment', { env: { CONFORMANCE_TOKEN: SECRET } })
    const seen = JSON.stringify(events)
    ok(!seen.includes(SECRET), 'the secret is not in the events')
    ok(seen.includes('CONFORMANCE_TOKEN=[redacted]'), 'and what was there is marked')
  },

  'a prompt of 2 MB arrives whole': async (bench) => {
    const { outcome } = await bench.run('bytes', {}, { text: 'ä'.repeat(BIG_TEXT_BYTES / 2) })
    equal(outcome.text, String(BIG_TEXT_BYTES))
  },

  'any text arrives and comes back as it is': async (bench) => {
    const { outcome } = await bench.run('echo', {}, { text: HARD_TEXT })
    equal(outcome.text, HARD_TEXT)
  },

  'can be closed twice': async (bench) => {
    await bench.run('hello')
    await bench.backend.close()
  },
}
