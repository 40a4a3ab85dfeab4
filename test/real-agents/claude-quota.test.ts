/** Thirty real Claude Codes on one account that is used up: all wait, none starts, and each goes on in its session. */
import { expect, it } from 'vitest'

import { CONTINUE_PROMPT } from '../../src/agents/recovery.ts'
import type { ModelServer } from '../../src/model-server/server.ts'
import { systemClock } from '../../src/time/system-clock.ts'
import { until } from '../processes/support.ts'
import { useClaude } from './support.ts'
import { answered, leftOver, kill, openTeam, saidTo, sumOf, type Team } from './team-support.ts'

const AGENTS = 30
const CONCURRENCY = 4
/** Two calls are answered, the third one meets the limit. */
const CALLS = 2
const RESET_MS = 10_000
/** Thirty starts on two processors that others use, too. */
const DEADLINE_MS = 120_000

const place = useClaude()
const names = Array.from({ length: AGENTS }, (_, n) => `worker-${n}`)
const jobOf = (name: string): string => `The job of ${name}.`

async function thirtyOnOneAccount(): Promise<{ readonly server: ModelServer; readonly team: Team }> {
  const server = await place.serve({
    scenarios: { pro: [{ text: 'To "@PROMPT@": done.' }] },
    quotas: { 'fake-pro': { calls: CALLS, resetsInMs: RESET_MS, times: 1 } },
  })
  const account = { key: 'fake-pro', subscription: true }
  const team = await openTeam(place, server, { account, concurrency: CONCURRENCY })
  for (const name of names) {
    team.shop.agent(name, 'Works.')
    await team.shop.cast(name, jobOf(name))
  }
  return { server, team }
}

/** Waits until the limit was met and nothing runs any more, and sees that `status` says what is waited for. */
async function everythingWaits(team: Team, server: ModelServer): Promise<number> {
  await server.waitFor({ status: 429 })
  await until('the limit is stored', async () => (await team.events('account.limited')).length > 0)
  await until('nothing runs', async () =>
    (await team.shop.status()).agents.every(({ status }) => status !== 'working'),
  )
  const { agents } = await team.shop.status()
  const waiting = agents.filter(({ status }) => status === 'waiting')
  const limited = await team.events('account.limited')
  const resetsAt = limited[0]?.data.until ?? 0
  const account = limited[0]?.data.account ?? ''
  expect(account).toMatch(/^claude:\w+$/u)
  expect(waiting).toHaveLength(AGENTS - CALLS)
  expect(new Set(waiting.map(({ waitingFor }) => JSON.stringify(waitingFor)))).toEqual(
    new Set([JSON.stringify({ quota: account, until: resetsAt })]),
  )
  return resetsAt
}

/** What the model saw and what the log says, when all have answered. */
async function expectEachOnce(team: Team, server: ModelServer, resetsAt: number): Promise<void> {
  const starts = await team.events('turn.started')
  const limitedAt = (await team.events('account.limited'))[0]?.at ?? 0
  const wasted = starts.filter(({ at }) => at >= limitedAt && at < resetsAt)
  expect(wasted, 'quota_wasted_starts').toEqual([])
  const refused = server.find({ status: 429 })
  expect(refused.length).toBeGreaterThan(0)
  expect(refused.length).toBeLessThanOrEqual(CONCURRENCY)
  // Only those that were on their way when the limit was stored came after it.
  const late = server.requests.filter(({ at }) => at > limitedAt && at < resetsAt)
  expect(late.length).toBeLessThan(CONCURRENCY)

  const deferred = new Set(refused.map(({ session }) => session))
  const finished = (await team.events('turn.finished')).filter(({ data }) => data.accepted)
  expect(finished.map(({ data }) => data.agent).toSorted()).toEqual(names.toSorted())
  expect(answered(server)).toHaveLength(AGENTS)
  for (const name of names) {
    const said = saidTo(server, jobOf(name))
    expect({ name, times: sumOf(said) }).toEqual({ name, times: 1 })
    const [session = ''] = said.keys()
    const last = server.find({ session, end: 'answered' })
    const prompts = deferred.has(session) ? [jobOf(name), CONTINUE_PROMPT] : [jobOf(name)]
    expect(last.map((request) => request.prompts)).toEqual([prompts])
    const [entry, ...more] = await team.shop.history(name)
    expect(more).toEqual([])
    expect(entry).toMatchObject({ state: 'answered', answer: `To "${prompts.at(-1)}": done.` })
    expect(entry?.sessionId).toBe(session)
  }
}

it(
  'nothing starts while the limit lasts, all thirty finish after the reset, nothing is lost or doubled',
  async () => {
    const { server, team } = await thirtyOnOneAccount()
    await team.host()
    const resetsAt = await everythingWaits(team, server)
    await team.shop.awaitAll()
    await expectEachOnce(team, server, resetsAt)
    expect(await leftOver(team)).toEqual([])
  },
  DEADLINE_MS,
)

it(
  'the same when the host is killed while all wait, and another one is there for the reset',
  async () => {
    const { server, team } = await thirtyOnOneAccount()
    const first = await team.host()
    const resetsAt = await everythingWaits(team, server)
    const before = server.requests.length
    await kill(first)
    await team.host()
    expect(systemClock.now()).toBeLessThan(resetsAt)
    expect(server.requests).toHaveLength(before)
    await team.shop.awaitAll()
    await expectEachOnce(team, server, resetsAt)
    expect(await leftOver(team)).toEqual([])
  },
  DEADLINE_MS,
)
