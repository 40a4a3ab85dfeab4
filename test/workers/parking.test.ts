import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HANDOFF_NOTE, RESUME_NOTE } from '../../src/agents/recovery.ts'
import { scriptedBackend, type ScriptedBackend } from '../../src/agent-backends/scripted.ts'
import type { ScriptRule, Step } from '../../src/agent-backends/scripted/script.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { openBoard, type TestBoard } from './board.ts'
import { makeRepository, type Repository } from './repository.ts'

const HOUR = 3_600_000
const POLL = { timeout: 25_000 }

/** Commits a part of the work, leaves another part without a commit, and meets a quota that is used up. */
const HALF: readonly Step[] = [
  {
    run: 'echo one > one.txt && git add . && git -c user.name=a -c user.email=a@b commit -qm part && echo two > two.txt && echo changed > notes.txt && rm -f gone.txt',
  },
  { fail: { kind: 'usage_limit', resetsIn: '1h' } },
]

interface Parking extends TestBoard {
  readonly repository: Repository
  readonly clock: ManualClock
  readonly backend: ScriptedBackend
  /** Polls while the clock of the team goes on. */
  readonly state: (id: string) => Promise<string>
}

async function openParking(
  rules: readonly ScriptRule[],
  {
    repository,
    clock = new ManualClock(),
    reply = 'ok',
  }: { repository?: Repository; clock?: ManualClock; reply?: string } = {},
): Promise<Parking> {
  const place = repository ?? (await makeRepository())
  if (repository === undefined) {
    place.write('gone.txt', 'to be removed\n')
    place.git('add', '.')
    place.git('commit', '-qm', 'More')
  }
  const sessionsDir = join(place.dir, '.git', 'sessions')
  const backend = scriptedBackend({ clock, sessionsDir, script: { rules, reply } })
  const board = await openBoard({}, { dir: place.dir, persistence: true, clock, backends: [backend] })
  const state = (id: string): Promise<string> =>
    clock.tick().then(async () => {
      const { state: now, waiting } = await board.shop.item(id)
      return waiting === null ? now : waiting.for
    })
  return { ...board, backend, repository: place, clock, state }
}

describe('an attempt whose quota is used up for longer than parkAfter', () => {
  it('gives up process, worktree and slot, and goes on exactly there in its session when the quota is reset', async () => {
    const look = 'git status --porcelain; git log -1 --format=%s'
    const board = await openParking([
      {
        match: RESUME_NOTE,
        steps: [{ run: `{ ${look}; } > "$ATELIER_PROJECT/.git/status"` }, { say: 'Made both.' }],
      },
      { match: 'Make it', steps: HALF },
    ])
    const { shop, clock, backend, repository } = board
    await shop.boardWorker('dev', 'code', { worktree: true }).stored
    await shop.work('it', 'Make it', { type: 'code', retry: 'none' })
    await expect.poll(() => board.state('it'), POLL).toBe('quota')
    await expect.poll(() => repository.worktrees(), POLL).toEqual([])
    expect((await shop.workers())[0]?.items).toEqual([])
    const parked = await shop.item('it')
    expect(parked).toMatchObject({ attempts: 0, tries: [{ state: 'parked', error: null }] })
    expect((await board.events('message.cancelled')).length).toBe(1)

    await clock.advance(HOUR + 1)
    await expect.poll(() => board.state('it'), POLL).toBe('done')
    const [first, second] = backend.requests
    expect(second?.resume?.id).toBe(first?.begin?.id)
    expect(second?.prompt).toBe(`${RESUME_NOTE}\n\nMake it`)
    expect(second?.cwd).not.toBe(first?.cwd)
    const transcript = await shop.item('it')
    expect(transcript).toMatchObject({ result: 'Made both.', attempts: 1 })
    expect(repository.git('show', 'main:one.txt')).toBe('one')
    expect(repository.git('show', 'main:two.txt')).toBe('two')
    expect(repository.git('show', 'main:notes.txt')).toBe('changed')
    expect(repository.git('ls-tree', '--name-only', 'main')).not.toContain('gone.txt')
    expect(repository.merged()).toEqual(['it'])
    // What was not committed lay there as it was, and what was committed was a commit.
    const status = readFileSync(join(repository.dir, '.git', 'status'), 'utf8')
    expect(status).toBe(' D gone.txt\n M notes.txt\n?? two.txt\npart\n')
    const seen = repository.git('log', '--format=%s', 'main')
    expect(seen).toContain('part')
    expect(seen).not.toContain('Uncommitted work')
  })

  it('goes on in its session after its host was closed and another was opened', async () => {
    const repository = await makeRepository()
    const clock = new ManualClock()
    const before = await openParking([{ match: 'Make it', steps: HALF }], { repository, clock })
    await before.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await before.shop.work('it', 'Make it', { type: 'code' })
    await expect.poll(() => before.state('it'), POLL).toBe('quota')
    const session = before.backend.requests[0]?.begin?.id
    await before.shop.close()
    const after = await openParking([], { repository, clock, reply: 'Went on.' })
    await after.shop.boardWorker('other', 'code', { worktree: true }).stored
    expect((await after.shop.item('it')).waiting).toMatchObject({ for: 'quota' })
    await clock.advance(HOUR + 1)
    await expect.poll(() => after.state('it'), POLL).toBe('done')
    expect(after.backend.requests.map(({ resume }) => resume?.id)).toEqual([session])
    expect(repository.git('show', 'main:two.txt')).toBe('two')
  })

  it('hands over with a note where its session cannot be had', async () => {
    const repository = await makeRepository()
    const clock = new ManualClock()
    const before = await openParking([{ match: 'Make it', steps: HALF }], { repository, clock })
    await before.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await before.shop.work('it', 'Make it', { type: 'code' })
    await expect.poll(() => before.state('it'), POLL).toBe('quota')
    await before.shop.close()
    // As on another machine: its conversations are not here.
    const backend = scriptedBackend({ clock, script: { reply: 'Took over.' } })
    const after = await openBoard({}, { dir: repository.dir, persistence: true, clock, backends: [backend] })
    await after.shop.boardWorker('other', 'code', { worktree: true }).stored
    await clock.advance(HOUR + 1)
    await expect
      .poll(() => clock.tick().then(async () => (await after.shop.item('it')).state), POLL)
      .toBe('done')
    expect(backend.requests.map(({ prompt, resume }) => [prompt, resume])).toEqual([
      [`${HANDOFF_NOTE}\n\nMake it`, undefined],
    ])
    expect(repository.git('show', 'main:two.txt')).toBe('two')
  })
})

describe('a shorter wait', () => {
  const SHORT: readonly Step[] = [
    { run: 'echo one > one.txt' },
    { cost: 0.25 },
    { fail: { kind: 'usage_limit', resetsIn: '30s' } },
  ]

  it('keeps lease and process: the same attempt goes on in the same place', async () => {
    const board = await openParking([{ match: 'Make it', times: 1, steps: SHORT }])
    await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await board.shop.work('it', 'Make it', { type: 'code' })
    await expect
      .poll(() => board.clock.tick().then(async () => (await board.events('account.limited')).length), POLL)
      .toBe(1)
    expect(await board.state('it')).toBe('running')
    await board.clock.advance(30_001)
    await expect.poll(() => board.state('it'), POLL).toBe('done')
    expect((await board.events('item.claimed')).length).toBe(1)
    expect(new Set(board.backend.requests.map(({ cwd }) => cwd)).size).toBe(1)
    // What the turn cost that met the limit is part of the item’s cost; that of the other is assumed to be the same.
    expect((await board.shop.item('it')).costUsd).toBeCloseTo(0.5)
  })

  it('is what parkAfter says', async () => {
    const board = await openParking([{ match: 'Make it', times: 1, steps: SHORT }])
    board.shop.configure({ parkAfter: '10s' })
    await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await board.shop.work('it', 'Make it', { type: 'code' })
    await expect.poll(() => board.state('it'), POLL).toBe('quota')
  })

  it('of several in a row is suspended once they are too long together', async () => {
    const board = await openParking([
      { times: 3, steps: [{ fail: { kind: 'usage_limit', resetsIn: '25s' } }] },
    ])
    await board.shop.boardWorker('dev', 'code').stored
    await board.shop.work('it', 'Make it', { type: 'code' })
    const limited = async (): Promise<number> => (await board.events('account.limited')).length
    await expect.poll(() => board.clock.tick().then(limited), POLL).toBe(1)
    await board.clock.advance(25_001)
    await expect.poll(() => board.clock.tick().then(limited), POLL).toBe(2)
    expect(await board.state('it')).toBe('running')
    await board.clock.advance(25_001)
    await expect.poll(() => board.state('it'), POLL).toBe('quota')
  })
})

it('an attempt whose account was used up while its worktree was made is suspended as well', async () => {
  const board = await openParking([
    { match: 'First', steps: [{ fail: { kind: 'usage_limit', resetsIn: '1h' } }] },
  ])
  const { shop, repository, clock, backend } = board
  // Making the second worktree takes until the account is used up.
  const flag = join(repository.dir, '.git', 'limited')
  await shop.close()
  const slow = await openBoard(
    {},
    {
      dir: repository.dir,
      persistence: true,
      clock,
      backends: [backend],
      config: {
        worktrees: {
          setUp: [`case "$ATELIER_ITEM" in two) until [ -f '${flag}' ]; do sleep 0.05; done;; esac`],
        },
      },
    },
  )
  await slow.shop.boardWorker('dev', 'code', { worktree: true, concurrency: 2 }).stored
  await slow.shop.work([
    { id: 'two', title: 'Second', type: 'code', priority: 'high' },
    { id: 'one', title: 'First', type: 'code' },
  ])
  const limited = async (): Promise<number> => (await slow.events('account.limited')).length
  await expect.poll(() => clock.tick().then(limited), POLL).toBe(1)
  repository.write('.git/limited', '')
  const waits = async (): Promise<unknown> => (await slow.shop.item('two')).waiting
  await expect.poll(() => clock.tick().then(waits), POLL).toMatchObject({ for: 'quota' })
  expect(await slow.events('turn.started')).toHaveLength(1)
})

describe('an agent that asks somebody while it works', () => {
  it('is suspended in the commit that asks, and goes on with the answer in its session', async () => {
    const board = await openParking([
      { match: 'Answer of sam', steps: [{ run: 'cat draft.txt > final.txt' }, { say: 'Used postgres.' }] },
      { match: 'Make it', steps: [{ run: 'echo draft > draft.txt' }, { delay: '10m' }] },
      { match: 'Other', steps: [{ say: 'Done meanwhile.' }] },
    ])
    const { shop, backend, repository, clock } = board
    await shop.boardWorker('dev', 'code', { worktree: true }).stored
    await shop.work('it', 'Make it', { type: 'code', retry: 'none' })
    const draft = (): boolean => existsSync(join(backend.requests[0]?.cwd ?? '/nowhere', 'draft.txt'))
    await expect.poll(() => clock.tick().then(draft), POLL).toBe(true)
    const asked = await shop.request('Which database?', { item: 'it', hold: true })
    expect(await shop.item('it')).toMatchObject({
      waiting: { for: 'answer', id: asked.id },
      attempts: 0,
      tries: [{ state: 'parked' }],
    })
    await expect.poll(() => repository.worktrees(), POLL).toEqual([])
    // Its agent is free for another item.
    await shop.work('other', 'Other', { type: 'code' })
    await expect.poll(() => board.state('other'), POLL).toBe('done')

    const sam = await openBoard(
      {},
      { dir: repository.dir, persistence: true, host: 'none', actor: 'sam', clock },
    )
    await sam.shop.answer(asked.id, 'postgres')
    await expect.poll(() => board.state('it'), POLL).toBe('done')
    expect(backend.requests.at(-1)?.resume?.id).toBe(backend.requests[0]?.begin?.id)
    expect(readFileSync(join(repository.dir, 'final.txt'), 'utf8')).toBe('draft\n')
  })
})

it('an attempt that waits for a budget goes on in its session when there is one', async () => {
  const board = await openParking([
    { match: RESUME_NOTE, steps: [{ say: 'Made it.' }] },
    {
      match: 'Make it',
      steps: [{ run: 'echo one > one.txt' }, { cost: 1 }, { fail: { kind: 'budget_exceeded' } }],
    },
  ])
  const { shop, backend, repository } = board
  await shop.boardWorker('dev', 'code', { worktree: true }).stored
  await shop.work('it', 'Make it', { type: 'code', retry: 'none' })
  await expect.poll(() => board.state('it'), POLL).toBe('budget')
  await shop.setBudget(100)
  await expect.poll(() => board.state('it'), POLL).toBe('done')
  expect(backend.requests[1]?.resume?.id).toBe(backend.requests[0]?.begin?.id)
  expect(repository.git('show', 'main:one.txt')).toBe('one')
})
