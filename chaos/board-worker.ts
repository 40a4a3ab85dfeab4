/**
 * One life of a program with a board under chaos: it posts what was not posted yet, works on it, and ends when all of it is
 * settled. Several may run on the same folder at once.
 *
 * usage: board-worker.ts DIR ITEMS NAME
 */
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { isAtelierError } from '../src/errors.ts'
import type { HostedWorkshop } from '../src/facade/workshop.ts'
import { openWorkshop } from '../src/workshop.ts'
import { boardItems, PARK_AFTER_MS, playItem } from './board-items.ts'
import { projectIn } from './board-project.ts'

/** Turns at once, so that items of one batch conflict. */
const CODERS = 3

async function main(dir: string, count: number, name: string): Promise<void> {
  const shop = await openWorkshop({
    dir: projectIn(dir),
    config: false,
    actor: name,
    backends: [scriptedBackend({ script: { costUsd: 0.01, reply: (request) => playItem(dir, request) } })],
    onError: (error) => process.stderr.write(`${String(error)}\n`),
  })
  shop.configure({ backend: 'scripted', parkAfter: PARK_AFTER_MS })
  await postOnce(shop, count)
  await exercise(shop, name)
  shop.boardWorker(`${name}-code`, 'code', { worktree: true, concurrency: CODERS })
  await shop.boardWorker(`${name}-review`, 'review', { worktree: true }).stored
  for (;;) {
    const { failed } = await shop.boardSettled()
    // Hosts that were killed on an item five times make it suspicious: a person says that it was not to blame.
    const innocent = failed.filter(({ error }) => error?.code === 'host_failed')
    const asked = (await shop.inbox()).filter(({ askedBy }) => askedBy === 'atelier')
    if (innocent.length + asked.length === 0) break
    for (const { id } of asked) await allow('already_done', shop.answer(id, 'try again'))
    for (const { id } of innocent) {
      process.stdout.write(`retries ${id}\n`)
      await allow('invalid_transition', shop.retry(id))
    }
  }
  await shop.close()
}

/** Posts everything in one commit: all of it is there, or nothing. */
async function postOnce(shop: HostedWorkshop, count: number): Promise<void> {
  if ((await shop.board()).items.some(({ id }) => id === 'item-0')) return
  await allow('already_exists', shop.work(boardItems(count)))
}

/** One of every other command of a board, so that its failpoints are passed, too. */
async function exercise(shop: HostedWorkshop, name: string): Promise<void> {
  const id = `extra-${name}`
  await allow('already_exists', shop.work(id, 'Nobody takes this', { type: `none-${name}` }))
  await allow('invalid_transition', shop.cancel(id))
  await shop.removeItem(id)
  const own = `own-${name}`
  await allow('already_exists', shop.work(own, 'A person does this', { type: 'none', verify: 'true' }))
  await allow('invalid_transition', shop.claim(own))
  await allow('invalid_transition', shop.complete(own, 'Done by hand.'))
  const { id: request } = await shop.request('Go on?', { options: ['yes', 'no'], agent: name })
  await shop.answer(request, 'yes')
}

/** Another life, or another process, has done it. */
async function allow(
  code: 'already_done' | 'already_exists' | 'invalid_transition',
  act: PromiseLike<unknown>,
): Promise<void> {
  try {
    await act
  } catch (error) {
    if (!isAtelierError(error, code)) throw error
  }
}

if (process.argv[1] === import.meta.filename) {
  const [, , dir = '', count = '6', name = 'a'] = process.argv
  await main(dir, Number(count), name)
}
