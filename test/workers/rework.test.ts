import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/agent-backends/scripted/script.ts'
import type { ReworkOptions } from '../../src/board/rework-schema.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import type { InboxView } from '../../src/team/view-types.ts'
import { openBoard, SETTLED, type TestBoard } from './board.ts'
import { makeRepository, type Repository } from './repository.ts'

const POLL = { timeout: 25_000 }

interface Rework extends TestBoard {
  readonly repository: Repository
  /** The id of the question that is open. */
  readonly question: () => Promise<string>
}

/** Each try changes a line that somebody changes on the target meanwhile. */
async function openRework(
  rework: ReworkOptions | undefined,
  { clock, resolved = 'nobody says this' }: { clock?: ManualClock; resolved?: string } = {},
): Promise<Rework> {
  const repository = await makeRepository()
  const { dir } = repository
  const theirs = `cd '${dir}' && echo "$RANDOM$$" > notes.txt && git commit -qam Theirs`
  const conflicting: readonly Step[] = [
    { run: 'echo mine >> notes.txt; echo "$$" > notes.txt' },
    { run: `env -u GIT_CEILING_DIRECTORIES sh -c '${theirs.replaceAll("'", `'"'"'`)}'` },
    { say: 'Changed it.' },
  ]
  const board = await openBoard(
    {
      rules: [
        {
          match: resolved,
          steps: [
            {
              run: 'git merge -q main >/dev/null 2>&1 || { git checkout -q --theirs notes.txt; git add -A; git -c user.name=a -c user.email=a@b commit -qm resolve; }; echo made > made.txt',
            },
            { say: 'Resolved it.' },
          ],
        },
        { match: 'Change it', steps: conflicting },
      ],
      reply: 'ok',
    },
    { dir, persistence: true, actor: 'sam', ...(clock && { clock }) },
  )
  await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
  await board.shop.work([
    {
      id: 'it',
      title: 'Change it',
      type: 'code',
      retry: 'none',
      ...(rework === undefined ? {} : { rework }),
    },
    { id: 'next', title: 'Go on', type: 'code', dependsOn: ['it'] },
  ])
  const question = async (): Promise<string> => {
    const open = async (): Promise<number> => (await board.shop.inbox()).length
    await expect.poll(() => (clock?.tick() ?? Promise.resolve()).then(open), POLL).toBe(1)
    return (await board.shop.inbox())[0]?.id ?? ''
  }
  return { ...board, repository, question }
}

describe('work that conflicts with its target again and again', () => {
  it('goes back to its owner three times, apart from its retries, and then asks with the facts (AS-38)', async () => {
    const { shop, repository, question, events, backend } = await openRework(undefined)
    const id = await question()
    expect(await shop.item('it')).toMatchObject({
      status: 'in_progress',
      column: 'needs_you',
      waiting: { for: 'answer', id },
      attempts: 0,
      error: { code: 'merge_conflict' },
    })
    expect(backend.turns).toBe(4)
    expect((await events('item.merge_returned')).length).toBe(4)
    const [request] = await shop.inbox()
    expect(request).toMatchObject({
      kind: 'question',
      about: { kind: 'item', id: 'it' },
      options: ['try again', 'give up'],
      whoMayAnswer: ['person'],
      deadline: null,
    })
    expect(request?.question).toContain('does not come to its target after 3 rounds of rework')
    expect(request?.question).toContain('notes.txt')
    const { rework } = (request as InboxView).details as {
      readonly rework: { readonly ref: string; readonly head: string }
    }
    expect(rework).toMatchObject({ code: 'merge_conflict', files: ['notes.txt'], rounds: 3 })
    expect(repository.git('rev-parse', rework.ref)).toBe(rework.head)
    // It waits for somebody, and nothing else goes on by itself.
    expect((await shop.boardSettled(SETTLED)).waiting.map((item) => item.id)).toEqual(['it', 'next'])
  })

  it('is tried again with what is said to it, and merged', async () => {
    const { shop, repository, question, backend } = await openRework(1, { resolved: 'Take theirs' })
    const id = await question()
    await shop.answer(id, 'try again', { comment: 'Take theirs, and go on.' })
    // The same answer again changes nothing.
    await shop.answer(id, 'try again')
    expect((await shop.boardSettled(SETTLED)).summary).toMatchObject({ done: 2 })
    expect(backend.requests.find(({ prompt }) => prompt.includes('Take theirs'))?.prompt).toContain(
      'does not merge with main: notes.txt',
    )
    expect(repository.git('show', 'main:made.txt')).toBe('made')
    await expect(shop.answer(id, 'give up')).rejects.toMatchObject({ code: 'already_done' })
  })

  it('asks anew when the try that somebody wanted comes back, too', async () => {
    const { shop, question } = await openRework(0)
    const first = await question()
    await shop.answer(first, 'try again')
    await expect.poll(async () => (await shop.inbox())[0]?.id, POLL).not.toBe(first)
    expect(await question()).not.toBe(first)
  })

  it('is given up with all that follows, and its work is kept', async () => {
    const { shop, repository, question } = await openRework(0)
    await shop.answer(await question(), 'give up', { comment: 'Not worth it.' })
    expect(await shop.item('it')).toMatchObject({
      state: 'failed',
      error: {
        code: 'merge_conflict',
        details: { by: 'sam', comment: 'Not worth it.', files: ['notes.txt'] },
      },
    })
    expect((await shop.item('it')).error?.message).toContain('sam gave up "it": Not worth it.')
    expect(await shop.item('next')).toMatchObject({ status: 'blocked' })
    expect(repository.git('for-each-ref', 'refs/atelier/changes')).not.toBe('')
    // Another try by hand has all its rounds.
    await shop.retry('it')
    expect((await shop.item('next')).status).toBe('new')
  })

  it.each([
    ['give up', 'failed', 'merge_conflict'],
    [undefined, 'failed', 'timeout'],
  ] as const)('at its deadline takes its default: %s', async (answer, state, code) => {
    const clock = new ManualClock()
    const { shop, question } = await openRework(
      { rounds: 0, deadline: '1h', ...(answer && { default: answer }) },
      { clock },
    )
    await question()
    await clock.advance(3_600_001)
    await expect.poll(() => clock.tick().then(async () => (await shop.item('it')).state), POLL).toBe(state)
    expect((await shop.item('it')).error).toMatchObject({ code })
  })
})

it('work that is red on its target asks with the command and the end of what it printed', async () => {
  const repository = await makeRepository()
  const { dir } = repository
  // Green on its own branch, and red with what somebody else brings meanwhile.
  const theirs = `cd '${dir}' && touch theirs.txt && git add -A && git commit -qm Theirs`
  const board = await openBoard(
    {
      rules: [
        {
          match: 'Make it',
          steps: [
            { run: 'touch mine.txt' },
            { run: `test -f theirs.txt || env -u GIT_CEILING_DIRECTORIES sh -c "${theirs}"` },
            { say: 'Made it.' },
          ],
        },
      ],
    },
    { dir, persistence: true },
  )
  await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
  const verify = 'if [ -f mine.txt ] && [ -f theirs.txt ]; then echo both are here; exit 3; fi'
  await board.shop.work('it', 'Make it', { type: 'code', verify, retry: 'none', rework: 0 })
  await expect.poll(async () => (await board.shop.inbox()).length, POLL).toBe(1)
  const [request] = await board.shop.inbox()
  expect(request?.details).toMatchObject({
    rework: { code: 'verification_failed', command: verify, exitCode: 3, tail: 'both are here' },
  })
  const { rework } = (request as InboxView).details as { readonly rework: { readonly logFile: string } }
  expect(readFileSync(rework.logFile, 'utf8')).toContain('both are here')
  expect(existsSync(join(dir, 'mine.txt'))).toBe(false)
})
