import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startChild } from '../hosts/processes.ts'
import { refused } from '../board/shop.ts'
import { temporaryFolder } from '../direct/team.ts'
import { openBoard, SETTLED, type TestBoard } from './board.ts'
import { makeRepository, type Repository } from './repository.ts'

const WORKER = resolve(import.meta.dirname, 'children/worker-host.ts')
const POLL = { timeout: 25_000 }
const WAIT = { wait: true, timeout: '1m' } as const

/** A person's work on a branch of their own; their folder stays on main. */
function branch(repository: Repository, name: string, files: Readonly<Record<string, string>>): string {
  repository.git('checkout', '-q', '-b', name)
  for (const [path, text] of Object.entries(files)) repository.write(path, text)
  repository.git('add', '.')
  repository.git('commit', '-qm', `Work on ${name}`)
  const head = repository.git('rev-parse', 'HEAD')
  repository.git('checkout', '-q', 'main')
  return head
}

async function openPersons(
  host: 'library' | 'none' = 'library',
): Promise<TestBoard & { readonly repository: Repository }> {
  const repository = await makeRepository()
  const board = await openBoard({}, { dir: repository.dir, persistence: true, host })
  return { ...board, repository }
}

describe('an item that a person says is finished', () => {
  it('is verified on the branch that they name, merged, and only then done (A31)', async () => {
    const { shop, repository, events } = await openPersons()
    await shop.work('it', 'Make it', { type: 'code', verify: 'test -f made.txt' })
    await shop.work('next', 'Go on', { dependsOn: ['it'] })
    await shop.claim('it')
    const head = branch(repository, 'mine', { 'made.txt': 'made\n' })
    const done = await shop.complete('it', 'Made it.', { branch: 'mine', ...WAIT })
    expect(done).toMatchObject({ status: 'done', verified: true })
    expect((await shop.item('it')).result).toBe('Made it.')
    expect((await shop.item('next')).status).toBe('ready')
    expect(repository.merged()).toEqual(['it'])
    expect(repository.git('rev-parse', `${done.commit}^2`)).toBe(head)
    expect(existsSync(join(repository.dir, 'made.txt'))).toBe(true)
    expect((await events('attempt.verifying')).length).toBe(1)
    expect(repository.worktrees()).toEqual([])
  })

  it('comes back red with the facts, and stays theirs until it is green', async () => {
    const { shop, repository } = await openPersons()
    await shop.work('it', 'Make it', {
      type: 'code',
      verify: 'test -f made.txt || { echo made.txt is missing; exit 4; }',
    })
    await shop.claim('it')
    branch(repository, 'mine', { 'other.txt': 'other\n' })
    const error = await refused(
      shop.complete('it', 'Made it.', { branch: 'mine', ...WAIT }),
      'verification_failed',
    )
    expect(error).toMatchObject({
      code: 'verification_failed',
      details: { exitCode: 4, tail: 'made.txt is missing' },
    })
    const kept = await shop.item('it')
    expect(kept).toMatchObject({
      status: 'in_progress',
      claimedBy: 'tester',
      phase: 'executing',
      attempts: 1,
    })
    expect(kept.claimEndsAt).toBeGreaterThan(0)
    expect(kept.error).toMatchObject({ code: 'verification_failed' })
    expect(repository.merged()).toEqual([])
    const head = branch(repository, 'better', { 'made.txt': 'made\n' })
    expect(await shop.complete('it', 'Made it.', { commit: head, ...WAIT })).toMatchObject({ status: 'done' })
    expect(repository.merged()).toEqual(['it'])
  })

  it('comes back where it conflicts with the target, and may be finished again', async () => {
    const { shop, repository } = await openPersons()
    await shop.work('it', 'Change it', { type: 'code' })
    await shop.claim('it')
    branch(repository, 'mine', { 'notes.txt': 'mine\n' })
    repository.write('notes.txt', 'theirs\n')
    repository.git('commit', '-qam', 'Theirs')
    const error = await refused(
      shop.complete('it', 'Changed.', { branch: 'mine', ...WAIT }),
      'merge_conflict',
    )
    expect(error).toMatchObject({ code: 'merge_conflict', details: { files: ['notes.txt'] } })
    expect(await shop.item('it')).toMatchObject({ state: 'running', claimedBy: 'tester' })
    repository.git('checkout', '-q', 'mine')
    repository.git('merge', '-q', '-X', 'ours', 'main')
    repository.git('checkout', '-q', 'main')
    expect(await shop.complete('it', 'Changed.', { branch: 'mine', ...WAIT })).toMatchObject({
      status: 'done',
    })
    expect(repository.git('show', 'main:notes.txt')).toBe('mine')
    expect(repository.merged()).toEqual(['it'])
  })

  it('without a branch is verified as the project folder has it', async () => {
    const { shop, repository } = await openPersons()
    await shop.work('it', 'Make it', { type: 'code', verify: 'test -f made.txt' })
    await shop.claim('it')
    await refused(shop.complete('it', 'Made it.', WAIT), 'verification_failed')
    repository.write('made.txt', 'made\n')
    repository.git('add', '.')
    repository.git('commit', '-qm', 'By hand')
    const done = await shop.complete('it', 'Made it.', WAIT)
    expect(done).toMatchObject({
      status: 'done',
      verified: true,
      commit: repository.git('rev-parse', 'HEAD'),
    })
    expect(repository.merged()).toEqual([])
  })

  it('outside of a repository is verified in the folder itself', async () => {
    const dir = await temporaryFolder()
    const { shop } = await openBoard({}, { dir, persistence: true })
    await shop.work('it', 'Make it', { verify: 'test ! -f made.txt' })
    await shop.claim('it')
    expect(await shop.complete('it', 'Made it.', WAIT)).toMatchObject({ status: 'done', verified: true })
    await shop.work('other', 'Make it')
    await shop.claim('other')
    await refused(shop.complete('other', '', { branch: 'mine' }), 'unsupported')
  })

  it('that is merged by hand waits for a person, and is not theirs any more', async () => {
    const { shop, repository } = await openPersons()
    await shop.work('it', 'Make it', { type: 'code', merge: 'manual' })
    await shop.claim('it')
    branch(repository, 'mine', { 'made.txt': 'made\n' })
    const held = await shop.complete('it', 'Made it.', { branch: 'mine', ...WAIT })
    expect(held).toMatchObject({ waiting: { for: 'merge', reason: 'manual' } })
    await expect.poll(async () => (await shop.inbox()).length, POLL).toBe(1)
    await shop.approve((await shop.inbox())[0]?.id ?? '')
    await expect.poll(async () => (await shop.item('it')).state, POLL).toBe('done')
    expect((await shop.item('it')).result).toBe('Made it.')
  })

  it('names a branch that there is, and is not finished twice at once', async () => {
    const { shop, repository } = await openPersons('none')
    await shop.work('it', 'Make it', { verify: 'true' })
    await shop.claim('it')
    await refused(shop.complete('it', '', { branch: 'none' }), 'not_found')
    const both = shop.complete('it', '', { branch: 'main', commit: 'HEAD' })
    await refused(both, 'invalid_input')
    await refused(shop.complete('nothing', ''), 'not_found')
    await shop.complete('it', 'Made it.')
    await refused(shop.complete('it', 'Made it.'), 'invalid_transition')
    expect(repository.worktrees()).toEqual([])
  })

  it('waits for a host and says so; its claim does not run out, and it may be given back', async () => {
    const { shop } = await openPersons('none')
    await shop.work('it', 'Make it', { verify: 'true' })
    await shop.claim('it')
    const line = await shop.complete('it', 'Made it.')
    expect(line).toMatchObject({
      status: 'in_progress',
      phase: 'verifying',
      column: 'in_review',
      claimEndsAt: null,
      why: 'tester has finished it; waits for a host that verifies and merges it',
    })
    expect(await shop.release('it')).toMatchObject({ status: 'ready', attempts: 0 })
  })

  it('that is cancelled while it is verified stays cancelled', async () => {
    const { shop, repository, events } = await openPersons()
    const flag = join(repository.dir, '.git', 'go')
    await shop.work('it', 'Make it', { verify: `until [ -f '${flag}' ]; do sleep 0.05; done` })
    await shop.claim('it')
    await shop.complete('it', 'Made it.')
    await expect.poll(async () => (await events('attempt.verifying')).length, POLL).toBe(1)
    await shop.cancel('it')
    repository.write('.git/go', '')
    await shop.close()
    const after = await openBoard({}, { dir: repository.dir, persistence: true, host: 'none' })
    expect((await after.shop.item('it')).state).toBe('cancelled')
  })
})

it.each([
  'item.report.after-commit',
  'item.submit.after-commit',
  'change.advance.after-commit',
  'merge.request.after-commit',
  'git.update-ref.after',
  'item.settle.before-commit',
] as const)(
  'what a host was verifying when it died after %s is verified by the next, and merged once (AS-129)',
  async (point) => {
    const { shop, repository } = await openPersons('none')
    await shop.work('it', 'Make it', { type: 'code', verify: 'test -f made.txt' })
    await shop.claim('it')
    branch(repository, 'mine', { 'made.txt': 'made\n' })
    // A submission that does not hold is settled in a commit of its own.
    const isRed = point.startsWith('item.submit')
    if (isRed) branch(repository, 'red', { 'other.txt': 'other\n' })
    await shop.complete('it', 'Made it.', { branch: isRed ? 'red' : 'mine' })
    const args = [repository.dir, join(repository.dir, '.git', 'turns.log'), 'none', '{}']
    const child = startChild(WORKER, args, { ATELIER_FAILPOINTS: point })
    await child.ended
    expect(child.child.signalCode).toBe('SIGKILL')
    const next = await openBoard({}, { dir: repository.dir, persistence: true })
    if (isRed) {
      // It was refused, and is theirs again.
      await shop.complete('it', 'Made it.', { branch: 'mine' })
    }
    expect((await next.shop.boardSettled(SETTLED)).summary).toMatchObject({ done: 1 })
    expect(await next.shop.item('it')).toMatchObject({ result: 'Made it.', verified: true })
    expect(repository.merged()).toEqual(['it'])
    await expect.poll(() => repository.worktrees(), POLL).toEqual([])
  },
)
