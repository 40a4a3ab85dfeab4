/** Starts that a used-up account is asked for in vain: 30 agents on one login that meets its limit. */
import { systemClock } from '../src/time/system-clock.ts'
import { openWorkshop } from '../src/workshop.ts'
import { inClaudePlace, missingClaudeCode } from './claude-place.ts'
import type { Measurement } from './figure.ts'

const AGENTS = 30
const CONCURRENCY = 4
/** So many calls are answered, then one meets the limit. */
const CALLS = 2
const RESET_MS = 15_000
const LOGIN = 'fake-pro'
/** More events than this makes. */
const ALL_EVENTS = 5000

export const quotaWastedStarts: Measurement = {
  name: 'quota_wasted_starts',
  what: `requests of turns started after the limit of an account was stored and before its reset, ${AGENTS} agents`,
  unit: 'starts',
  target: { valueAtMost: 0 },
  missing: missingClaudeCode,
  measure: (progress) =>
    inClaudePlace(
      {
        login: LOGIN,
        scenarios: { pro: [{ text: 'Done.' }] },
        quotas: { [LOGIN]: { calls: CALLS, resetsInMs: RESET_MS, times: 1 } },
      },
      async ({ project, executable, env, server }) => {
        await using shop = await openWorkshop({ dir: project, config: false })
        shop.configure({ backend: 'claude', backendConfig: { executable }, env, concurrency: CONCURRENCY })
        for (let n = 0; n < AGENTS; n++) {
          shop.agent(`agent_${n}`, 'Works.')
          void shop.cast(`agent_${n}`, `The job of agent ${n}.`)
        }
        await shop.awaitAll()
        const [limited] = await shop.events({ last: ALL_EVENTS, types: ['account.limited'] })
        if (limited?.type !== 'account.limited') throw new Error('The limit was not met.')
        const { at, data } = limited
        const startedBefore = new Map<string, boolean>()
        for (const event of await shop.events({ last: ALL_EVENTS, types: ['turn.started'] })) {
          if (event.type !== 'turn.started') continue
          const session = (event.data.session ?? event.data.begins)?.id ?? ''
          if (event.at < data.until) startedBefore.set(session, event.at <= at)
        }
        const late = server.requests.filter((request) => request.at > at && request.at < data.until)
        const wasted = late.filter(({ session = '' }) => startedBefore.get(session) !== true)
        progress(
          `${server.find({ status: 429 }).length} requests met the limit; ${late.length} came after it was stored, ${late.length - wasted.length} of them from turns that ran already; waited ${systemClock.now() - at} ms`,
        )
        return { value: wasted.length }
      },
    ),
}
