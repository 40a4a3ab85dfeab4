/** The board on a whole screen, redrawn as it changes. */
import type { BoardFilter } from '../workers/view-types.ts'
import type { WorkshopViews } from '../facade/contract.ts'
import { repeat } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { paintFor } from './paint.ts'
import type { Session } from './session.ts'
import { fit } from './text.ts'
import { boardLines, EMPTY_BOARD, summaryText, unstaffedLines } from './views/board-text.ts'

/** Changes that come together are drawn together. */
const DRAW_INTERVAL_MS = 100
/** How long work has gone on is drawn anew at least this often. */
const LONGEST_PAUSE_MS = 1000

const ENTER = '\u001B[?1049h\u001B[?25l'
const LEAVE = '\u001B[?25h\u001B[?1049l'
const CTRL_C = '\u0003'

export interface ScreenOptions {
  readonly filter: BoardFilter
  /** What the last line says beside how to leave. */
  readonly hint: string
  /** Ends the view. */
  readonly signal: AbortSignal
}

/**
 * Shows the board until somebody leaves it or the signal is aborted.
 * @returns the key that ended it, if one did
 */
export async function showBoardScreen(
  session: Session,
  views: WorkshopViews,
  { filter, hint, signal }: ScreenOptions,
): Promise<'q' | 'ctrl-c' | undefined> {
  const { out, in: input } = session.terminal
  const left = Promise.withResolvers<'q' | 'ctrl-c' | undefined>()
  const onKey = (bytes: Buffer): void => {
    const keys = bytes.toString('utf8')
    if (keys.includes(CTRL_C)) left.resolve('ctrl-c')
    else if (/[qQ]/u.test(keys)) left.resolve('q')
  }
  const stopped = new AbortController()
  const aborted = (): void => left.resolve(undefined)
  signal.addEventListener('abort', aborted, { once: true })
  if (signal.aborted) aborted()
  let isChanged = true
  let drawnAt = 0
  const following = follow(views, stopped.signal, () => void (isChanged = true))
  following.catch(left.reject)
  const draw = async (): Promise<void> => {
    const now = session.clock.now()
    if (!isChanged && now - drawnAt < LONGEST_PAUSE_MS) return
    isChanged = false
    drawnAt = now
    const lines = await screenLines(session, views, filter, hint)
    if (!stopped.signal.aborted)
      out.write(`\u001B[H${lines.map((line) => `${line}\u001B[K`).join('\r\n')}\u001B[J`)
  }
  out.write(ENTER)
  input.setRawMode(true)
  input.on('data', onKey)
  const stopDrawing = repeat(systemClock, DRAW_INTERVAL_MS, () => draw().catch(left.reject))
  try {
    await draw()
    return await left.promise
  } finally {
    stopped.abort()
    stopDrawing()
    signal.removeEventListener('abort', aborted)
    input.off('data', onKey)
    input.setRawMode(false)
    input.pause()
    out.write(LEAVE)
    await following.catch(() => {})
  }
}

async function follow(views: WorkshopViews, signal: AbortSignal, changed: () => void): Promise<void> {
  const events = views.watch({ signal })
  for (let next = await events.next(); next.done !== true; next = await events.next()) changed()
}

async function screenLines(
  { terminal: { out }, clock }: Session,
  views: WorkshopViews,
  filter: BoardFilter,
  hint: string,
): Promise<string[]> {
  const board = await views.board(filter)
  const paint = paintFor(out)
  const footer = [
    ...unstaffedLines(board).map((line) => paint.active(fit(line, out.width))),
    paint.faint(fit([summaryText(board), hint].filter((part) => part !== '').join('  ·  '), out.width)),
  ]
  const height = out.height - footer.length - 1
  const items =
    board.items.length === 0
      ? [fit(EMPTY_BOARD, out.width)]
      : boardLines(board, { paint, width: out.width, now: clock.now() }, height).slice(0, Math.max(1, height))
  return [...items, '', ...footer]
}
