/** Runs the board for the command line: once, on a whole screen, or until it has come to rest. */
import type { WorkshopViews } from '../facade/contract.ts'
import type { Operation, OperationInput } from '../operations/operation.ts'
import type { BoardFilter } from '../workers/view-types.ts'
import { EXIT_INTERRUPTED, EXIT_OK, type ExitStatus } from './command.ts'
import { takeInterrupts } from './interrupt.ts'
import { note, type Session } from './session.ts'
import { unstaffedLines } from './views/board-text.ts'

type BoardOperation = Extract<Operation, { needs: 'views' }>

/** How the output is printed: what becomes the exit status. */
export type Print = (output: unknown) => Promise<ExitStatus>

/** Shows the board as its flags and the terminal ask for. */
export async function runBoard(
  operation: BoardOperation,
  input: OperationInput,
  {
    session,
    views,
    print,
  }: { readonly session: Session; readonly views: WorkshopViews; readonly print: Print },
): Promise<ExitStatus> {
  const { terminal, globals, unread } = session
  const isScreen =
    terminal.out.isTerminal && terminal.in.isTTY && input['once'] !== true && globals.json !== true
  if (!isScreen && input['wait'] !== true) return print(await operation.run(views, input, {}))
  const interrupt = takeInterrupts(() => {})
  const ended = new AbortController()
  const signal = AbortSignal.any([interrupt.signal, unread, ended.signal])
  try {
    if (input['wait'] !== true) {
      const key = await screen(session, views, { input, hint: 'q leaves', signal })
      return key === 'q' ? EXIT_OK : EXIT_INTERRUPTED
    }
    const settling = Promise.resolve(operation.run(views, input, { signal }))
    const over = settling.then(
      () => {},
      () => {},
    )
    if (isScreen) {
      const done = new AbortController()
      void over.then(() => done.abort())
      const hint = 'q stops waiting; the work goes on'
      const key = await screen(session, views, {
        input,
        hint,
        signal: AbortSignal.any([signal, done.signal]),
      })
      if (key !== undefined) ended.abort()
    } else await tellUnstaffed(session, views, over)
    return await print(await settling)
  } finally {
    ended.abort()
    interrupt.release()
  }
}

async function screen(
  session: Session,
  views: WorkshopViews,
  {
    input,
    hint,
    signal,
  }: { readonly input: OperationInput; readonly hint: string; readonly signal: AbortSignal },
): Promise<'q' | 'ctrl-c' | undefined> {
  const { showBoardScreen } = await import('./board-screen.ts')
  return showBoardScreen(session, views, { filter: filterOf(input), hint, signal })
}

/** Says once what nobody takes, so that a wait without an end has a reason. */
async function tellUnstaffed(session: Session, views: WorkshopViews, over: Promise<void>): Promise<void> {
  const told = new Set<string>()
  const tell = async (): Promise<void> => {
    const { unstaffed } = await views.board()
    for (const line of unstaffedLines({ unstaffed })) {
      if (!told.has(line)) note(session, line)
      told.add(line)
    }
  }
  const stopped = new AbortController()
  void over.then(() => stopped.abort())
  await tell()
  for await (const event of views.watch({ signal: stopped.signal, types: ['item.readied'] }))
    if (event.type === 'item.readied') await tell()
  await over
}

function filterOf({ status, type, claimedBy }: OperationInput): BoardFilter {
  return Object.fromEntries(
    Object.entries({ status, type, claimedBy }).filter(([, value]) => value !== undefined),
  )
}
