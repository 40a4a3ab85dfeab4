/**
 * Moves a ref together with something else: git locks the ref at its old value, the caller does the rest, and then
 * the ref moves or stays. Whoever else wants to move it waits meanwhile. If this process dies, git sees the end of
 * its input and lets the ref go as it was.
 */
import { startChild, type Child } from '../processes/child.ts'
import { LOCK_PATIENCE, refusedMove, type RefMove, type RefMoveResult } from './refs.ts'
import { gitFailure, gitInvocation, type GitPlace } from './run.ts'

export type LockedMove<T> =
  /** The ref does not point where the caller believes, and nothing was done. */
  | (Extract<RefMoveResult, { readonly moved: false }> & { readonly done?: never })
  /** The ref moved where `done` says so. */
  | { readonly moved: boolean; readonly done: T }

/**
 * @param act runs while the ref is locked; the ref moves only if it says `move`
 * @throws AtelierError as `moveRef`, and what `act` throws
 */
export async function moveLocked<T extends { readonly move: boolean }>(
  place: GitPlace,
  move: RefMove & { readonly new: string },
  act: () => Promise<T>,
): Promise<LockedMove<T>> {
  const args = ['update-ref', '--no-deref', '-m', move.why, '--stdin', '-z']
  const start = await startChild({
    ...gitInvocation(place, args, { settings: LOCK_PATIENCE }),
    stdin: 'open',
  })
  if (!start.ok) throw gitFailure(place, 'update-ref', start.failure.message)
  const { child } = start
  const answers = lines(child)
  try {
    const change =
      move.old === null
        ? `create ${move.ref}\0${move.new}\0`
        : `update ${move.ref}\0${move.new}\0${move.old}\0`
    await child.write(`start\0${change}prepare\0`)
    if (!(await says(answers, 'prepare: ok'))) {
      await child.gone
      return await refusedMove(place, move, child.stderrTail())
    }
    const done = await act()
    await child.write(done.move ? 'commit\0' : 'abort\0')
    const isDone = await says(answers, done.move ? 'commit: ok' : 'abort: ok')
    if (!isDone) throw gitFailure(place, 'update-ref', child.stderrTail())
    return { moved: done.move, done }
  } finally {
    child.closeInput()
    await answers.return?.()
    await child.gone
  }
}

async function* lines(child: Child): AsyncGenerator<string, void> {
  let text = ''
  for await (const piece of child.stdout) {
    text += piece.toString('utf8')
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n')) {
      yield text.slice(0, end)
      text = text.slice(end + 1)
    }
  }
}

/** True once git has said it; false if it ended without. */
async function says(answers: AsyncGenerator<string, void>, wanted: string): Promise<boolean> {
  for (;;) {
    const answer = await answers.next()
    if (answer.done === true) return false
    if (answer.value === wanted) return true
  }
}
