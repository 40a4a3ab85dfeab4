/** Several processes that answer the same requests at once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openShops } from './shops.ts'

const REQUESTS = 25

interface Answerer {
  readonly opened: Promise<void>
  /** Answers everything; gives how each went. */
  go(): Promise<readonly string[]>
}

function startAnswerer(
  dir: string,
  actor: string,
  answer: string,
  ids: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Answerer {
  const program = join(import.meta.dirname, 'children', 'answerer.ts')
  const child = spawn(process.execPath, [program, dir, actor, answer, ...ids], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    opened: once(child.stdout, 'data').then(() => {}),
    async go() {
      child.stdin.write('go\n')
      await ended
      // Empty where it was killed before it could say.
      return JSON.parse(out.slice('open\n'.length) || '[]') as readonly string[]
    },
  }
}

async function raced(contenders: readonly (readonly [actor: string, answer: string])[]): Promise<{
  readonly outcomes: readonly (readonly string[])[]
  readonly winners: readonly (string | null)[]
}> {
  const { open, dir } = await openShops()
  const shop = await open('impl')
  const ids: string[] = []
  for (let n = 0; n < REQUESTS; n++)
    ids.push((await shop.request(`Deploy number ${n}?`, { kind: 'approval' })).id)
  const answerers = contenders.map(([actor, answer]) => startAnswerer(dir, actor, answer, ids))
  await Promise.all(answerers.map(({ opened }) => opened))
  const outcomes = await Promise.all(answerers.map((answerer) => answerer.go()))
  const answered = await shop.events({ last: 1000, types: ['inbox.answered'] })
  const settled = answered.map(({ data }) => ('request' in data ? data.request : ''))
  expect(settled.toSorted()).toEqual(ids.toSorted())
  const views = new Map((await shop.inbox({ all: true })).map((view) => [view.id, view.answeredBy]))
  return { outcomes, winners: ids.map((id) => views.get(id) ?? null) }
}

test('of different answers one counts, and the other is told which', async () => {
  const { outcomes, winners } = await raced([
    ['kim', 'approve'],
    ['sam', 'reject'],
  ])
  const [kim, sam] = outcomes
  expect(kim).toEqual(winners.map((by) => (by === 'kim' ? 'answered by kim' : 'already_done by sam')))
  expect(sam).toEqual(winners.map((by) => (by === 'sam' ? 'answered by sam' : 'already_done by kim')))
})

test('the same answer of the same actor counts once, and succeeds in both', async () => {
  const { outcomes } = await raced([
    ['kim', 'approve'],
    ['kim', 'approve'],
  ])
  expect(outcomes.flat()).toEqual(Array(2 * REQUESTS).fill('answered by kim'))
})

test.each([
  ['before', 'open', 'waiting'],
  ['after', 'answered', 'failed'],
])(
  'a process that is killed %s the commit of its answer leaves the request %s and its item %s, and the answer may be repeated',
  async (when, request, item) => {
    const { open, dir } = await openShops()
    const shop = await open('kim')
    await shop.work('deploy', 'Deploy it')
    const { id } = await shop.request('Deploy?', { kind: 'approval', item: 'deploy', hold: true })
    const env = { ATELIER_FAILPOINTS: `inbox.change.${when}-commit` }
    const answerer = startAnswerer(dir, 'kim', 'reject', [id], env)
    await answerer.opened
    expect(await answerer.go()).toEqual([])
    expect(await shop.inbox({ all: true })).toMatchObject([{ state: request }])
    expect(await shop.item('deploy')).toMatchObject({ state: item })
    expect(await shop.answer(id, 'reject')).toMatchObject({ state: 'answered', answeredBy: 'kim' })
    expect(await shop.item('deploy')).toMatchObject({ error: { code: 'gate_rejected' } })
    expect(await shop.events({ last: 100, types: ['inbox.answered'] })).toHaveLength(1)
  },
)
