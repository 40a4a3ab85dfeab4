/** Runs a verb that is about a run of a workflow: sees to it that a host does its work, and shows how it goes on. */
import { isAtelierError, messageOf } from '../errors.ts'
import type { HostedWorkshop } from '../facade/workshop.ts'
import type { Operation, OperationContext, OperationInput } from '../operations/operation.ts'
import { repeat } from '../time/clock.ts'
import { backgroundClock } from '../time/system-clock.ts'
import { ensureBackgroundHost, IDLE_EXIT } from './background.ts'
import { EXIT_INTERRUPTED, type ExitStatus } from './command.ts'
import { takeInterrupts } from './interrupt.ts'
import { paintFor } from './paint.ts'
import { showRun, type RunProgress } from './run-progress.ts'
import { note, workflowOptions, type Session } from './session.ts'
import { readable } from './text.ts'
import { checkpointLines } from './views/checkpoints.ts'

type HostOperation = Extract<Operation, { needs: 'host' }>

/** How often the hosts are looked at, so that one that died does not leave a run waiting for ever. */
const LOOK_INTERVAL_MS = 1000

export interface FollowOptions {
  readonly session: Session
  readonly shop: HostedWorkshop
  readonly print: (output: unknown) => Promise<ExitStatus>
}

/** Runs the operation. Ctrl-C ends the watching, and never the run. */
export async function runAndFollow(
  operation: HostOperation,
  input: OperationInput,
  { session, shop, print }: FollowOptions,
): Promise<ExitStatus> {
  const isDetached = input['detach'] === true
  let progress: RunProgress | undefined
  let hosting: Hosting | undefined
  let id: string | undefined
  const interrupt = takeInterrupts(() => {})
  const after = (await shop.events({ last: 1 })).at(-1)?.seq ?? 0
  const onRun = async (run: string): Promise<void> => {
    id = run
    if (isDetached) return startInBackground(session, shop)
    hosting = await keepRunHosted(session, shop)
    progress = await showRun(session, shop, { run, after })
  }
  const onHandover: OperationContext['onHandover'] = (checkpoint) => {
    if (session.globals.json === true) return
    const { err } = session.terminal
    const page = {
      paint: paintFor(err),
      width: err.width,
      now: session.clock.now(),
      clean: (text: string) => readable(text, err),
    }
    for (const line of checkpointLines(checkpoint, page)) note(session, line)
  }
  try {
    const output = await operation.run(shop, input, { signal: interrupt.signal, onRun, onHandover })
    await progress?.close()
    return await print(output)
  } catch (error) {
    await progress?.close()
    const isLeft = isAtelierError(error, 'timeout') || isAtelierError(error, 'cancelled')
    if (id === undefined || !isLeft) throw error
    const isOurs = hosting?.isOurs === true
    // What this process ran is given back before anybody is told that it goes on elsewhere.
    await hosting?.close({ now: true })
    note(session, readable(leavingText(id, isOurs), session.terminal.err))
    if (isAtelierError(error, 'timeout')) throw error
    return EXIT_INTERRUPTED
  } finally {
    await hosting?.close({ now: interrupt.signal.aborted })
    interrupt.release()
  }
}

function leavingText(run: string, isOurs: boolean): string {
  return isOurs
    ? `Stopped watching, and no host works on ${run} now; nothing of it is lost. Go on: atelier workflow resume ${run}. How it stands: atelier workflow status ${run}`
    : `Stopped watching; ${run} goes on. How it stands: atelier workflow status ${run}. Watch again: atelier workflow resume ${run}`
}

async function startInBackground(session: Session, shop: HostedWorkshop): Promise<void> {
  if (await hasHost(shop)) return
  const { pid, started } = await ensureBackgroundHost(session, shop, { idleExit: IDLE_EXIT })
  if (started)
    note(session, `Started a background host (pid ${pid}); it ends when it has been idle for ${IDLE_EXIT}.`)
}

/** One that stays: a command in the foreground goes when its own work is done. */
async function hasHost(shop: HostedWorkshop): Promise<boolean> {
  return (await shop.hosts()).some(({ kind, state }) => state === 'running' && kind !== 'foreground')
}

interface Hosting {
  /** The work is done in this process. */
  readonly isOurs: boolean
  close(options: { readonly now: boolean }): Promise<void>
}

/** From now on until it is closed, a host of our own does the work of runs where no other one is; also when one goes away. */
async function keepRunHosted(session: Session, shop: HostedWorkshop): Promise<Hosting> {
  let own: HostedWorkshop | undefined
  const provide = async (): Promise<void> => {
    if (own !== undefined || (await hasHost(shop))) return
    own = await session.open.workshop({
      ...workflowOptions(session),
      workflows: false,
      host: 'foreground',
    })
  }
  await provide()
  let looking = Promise.resolve()
  const stop = repeat(backgroundClock, LOOK_INTERVAL_MS, () => {
    looking = provide().catch((error: unknown) => note(session, `warning: ${messageOf(error)}`))
    return looking
  })
  return {
    get isOurs() {
      return own !== undefined
    },
    async close({ now }) {
      stop()
      await looking
      await own?.close({ drain: !now })
    },
  }
}
