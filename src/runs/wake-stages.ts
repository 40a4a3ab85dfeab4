/** Wakes the stages of runs whose time has come; a host that opens finds what is due. */
import { DueTimer } from '../team/due-timer.ts'
import { onRun, type RunContext } from './commands.ts'

/** The timer of a host for stages that wait for a time. */
export function stageTimer(
  { team, ...context }: RunContext,
  host: string,
  onError: (error: unknown) => void,
): DueTimer {
  const runs = { ...context, team: { ...team, by: { actor: host, via: 'host' } as const } }
  return new DueTimer(team, {
    isNews: (event) => event.type === 'stage.opened' && event.data.wakeAt !== null,
    act: (isClosed) => wakeDue(runs, isClosed),
    onError,
  })
}

async function wakeDue(context: RunContext, isClosed: () => boolean): Promise<number | null> {
  const { store, clock } = context.team
  for (;;) {
    const [next] = await store.read((reader) =>
      // No time is 0, and this leaves out stages that wait for no time.
      reader.list('stage', { where: { state: 'open' }, orderBy: 'wakeAt', after: 0, limit: 1 }),
    )
    if (next?.wakeAt == null) return null
    const { run, stage, round, wakeAt } = next
    if (wakeAt > clock.now() || isClosed()) return wakeAt
    const events = await onRun(context, run, { on: 'woken', stage, round })
    // What it does not go on with is no reason to ask for it without a pause.
    if (events.length === 0) return wakeAt
  }
}
