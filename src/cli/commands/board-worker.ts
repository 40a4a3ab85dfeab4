import { messageOf } from '../../errors.ts'
import type { AtelierEvent } from '../../events.ts'
import type { BoardWorkerOptions } from '../../facade/contract.ts'
import { eventLine } from '../views/log.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { paintFor } from '../paint.ts'
import { takeInterrupts } from '../interrupt.ts'
import { note, openOptions, type Session } from '../session.ts'

interface BoardWorkerInput extends Omit<BoardWorkerOptions, 'concurrency'> {
  readonly name: string
  readonly concurrency?: number
  readonly maxConcurrency?: number
  readonly type: string
}

/** Events of the items that a worker has, as it works. */
const SHOWN: ReadonlySet<AtelierEvent['type']> = new Set<AtelierEvent['type']>([
  'item.claimed',
  'item.phase_changed',
  'item.progressed',
  'item.done',
  'item.failed',
  'item.deferred',
  'attempt.ended',
])

/** `atelier board-worker`: takes items of one type until somebody ends it. */
export async function runBoardWorker(
  { name, type, concurrency = 1, maxConcurrency = concurrency, ...options }: BoardWorkerInput,
  session: Session,
): Promise<ExitStatus> {
  const pool: BoardWorkerOptions =
    maxConcurrency === concurrency
      ? { concurrency }
      : { concurrency: { min: concurrency, max: maxConcurrency }, scaling: 'reactive' }
  // Those that a pool may add later, too.
  const agents = Array.from({ length: maxConcurrency }, (_, index) =>
    index === 0 ? name : `${name}.${index + 1}`,
  )
  const shop = await session.open.workshop({
    ...openOptions(session),
    host: 'foreground',
    hostAgents: agents,
    onError: (error) => note(session, `error: ${messageOf(error)}`),
  })
  const interrupt = takeInterrupts(() => {
    note(session, 'Ending after what runs now. Once more ends it at once, and gives the items back.')
    void shop.close()
  })
  try {
    await shop.boardWorker(name, type, { ...options, ...pool }).stored
    note(session, `Worker ${name} takes items of type ${type}. Ctrl-C ends it after what it runs.`)
    await follow(session, shop.watch({ signal: interrupt.signal }), new Set(agents))
    await shop.hostEnded
  } finally {
    await shop.close()
    interrupt.release()
  }
  return EXIT_OK
}

/** Prints a line for what happens to this worker's items. */
async function follow(
  session: Session,
  events: AsyncIterable<AtelierEvent>,
  agents: ReadonlySet<string>,
): Promise<void> {
  const { out } = session.terminal
  const items = new Set<string>()
  for await (const event of events) {
    if (event.type === 'item.claimed' && agents.has(event.data.owner)) items.add(event.data.item)
    if (!SHOWN.has(event.type) || !('item' in event.data) || !items.has(event.data.item)) continue
    if (session.globals.json) out.write(`${JSON.stringify(event)}\n`)
    else
      out.write(`${eventLine(event, { paint: paintFor(out), width: out.width, now: session.clock.now() })}\n`)
  }
}
