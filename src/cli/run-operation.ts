/** Runs one operation for the command line: opens what it needs, prints what it gives. */
import { ERROR_CODES } from '../errors.ts'
import type { HostedWorkshop } from '../facade/workshop.ts'
import type { Operation, OperationContext, OperationInput, ReplyCount } from '../operations/operation.ts'
import { EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_OK, type ExitStatus } from './command.ts'
import type { OpenOptions } from '../workshop.ts'
import { openOptions, printJson, workflowOptions, type Session } from './session.ts'

/** Whether the workshop that a command opens runs something, and what. */
type Hosts = Pick<OpenOptions, 'host' | 'hostAgents'>

const NO_HOST: Hosts = { host: 'none' }

type HostOperation = Extract<Operation, { needs: 'host' }>

/** Runs the operation and prints its output. Errors are thrown. */
export async function runOperation(
  operation: Operation,
  input: OperationInput,
  session: Session,
): Promise<ExitStatus> {
  switch (operation.needs) {
    case 'views':
      return runOnViews(operation, input, session)
    case 'team':
      return withShop(
        operation,
        session,
        async (shop) => print(operation, await operation.run(shop, input, {}), session, input),
        operation.hosts?.(input) === true ? { host: 'foreground', hostAgents: [] } : NO_HOST,
      )
    case 'host':
      return withShop(operation, session, (shop) => runHosted(operation, input, session, shop), NO_HOST)
  }
}

async function runOnViews(
  operation: Extract<Operation, { needs: 'views' }>,
  input: OperationInput,
  session: Session,
): Promise<ExitStatus> {
  const views = await session.open.views({ dir: session.dir })
  try {
    if (operation.changes === true) {
      const { runBoard } = await import('./run-board.ts')
      const printed = (output: unknown): Promise<ExitStatus> => print(operation, output, session, input)
      return await runBoard(operation, input, { session, views, print: printed })
    }
    if (operation.streams !== true)
      return await print(operation, await operation.run(views, input, {}), session, input)
    return await follow(
      operation,
      (context) => operation.run(views, input, context) as AsyncIterable<unknown>,
      session,
    )
  } finally {
    await views.close()
  }
}

async function withShop(
  { name }: Operation,
  session: Session,
  act: (shop: HostedWorkshop) => Promise<ExitStatus>,
  hosts: Hosts,
): Promise<ExitStatus> {
  const options = name === 'run-workflow' ? workflowOptions(session) : openOptions(session)
  const shop = await session.open.workshop({ ...options, ...hosts })
  try {
    return await act(shop)
  } finally {
    await shop.close()
  }
}

/** Somebody runs the agents meanwhile, the user sees how it goes on, and Ctrl-C calls it off. */
async function runHosted(
  operation: HostOperation,
  input: OperationInput,
  session: Session,
  shop: HostedWorkshop,
): Promise<ExitStatus> {
  if (operation.follows === 'run') {
    const { runAndFollow } = await import('./follow-run.ts')
    return runAndFollow(operation, input, {
      ...{ session, shop },
      print: (output) => print(operation, output, session, input),
    })
  }
  const [{ takeInterrupts }, { keepHosted }, { showProgress }] = await Promise.all([
    import('./interrupt.ts'),
    import('./hosting.ts'),
    import('./progress.ts'),
  ])
  const agents = operation.hosted(input)
  const progress = operation.waits ? await showProgress(session, shop, agents) : undefined
  const interrupt = takeInterrupts(() => progress?.say('Cancelling; press Ctrl-C again to leave at once.'))
  try {
    const hosting = await keepHosted(session, shop, { agents, work: operation.work })
    try {
      const output = await operation.run(shop, input, { signal: interrupt.signal })
      // A message that was cast has a host, also if the one that was there has just gone.
      if (!operation.waits) await hosting.look()
      await progress?.close()
      return await print(operation, output, session, input)
    } finally {
      await hosting.close()
    }
  } finally {
    await progress?.close()
    interrupt.release()
  }
}

/** Prints a stream until it ends, is interrupted, or nobody reads it any more. */
async function follow(
  operation: Operation,
  run: (context: OperationContext) => AsyncIterable<unknown>,
  session: Session,
): Promise<ExitStatus> {
  const { takeInterrupts } = await import('./interrupt.ts')
  const interrupt = takeInterrupts(() => {})
  const { out } = session.terminal
  const line = session.globals.json === true ? JSON.stringify : await lineView(operation, session)
  try {
    for await (const one of run({ signal: AbortSignal.any([interrupt.signal, session.unread]) }))
      out.write(`${line(one)}\n`)
  } finally {
    interrupt.release()
  }
  return interrupt.signal.aborted ? EXIT_INTERRUPTED : EXIT_OK
}

async function lineView(operation: Operation, session: Session): Promise<(item: unknown) => string> {
  const { showItem } = await import('./views/show.ts')
  return (item) => showItem(operation.name, item, session)
}

async function print(
  operation: Operation,
  output: unknown,
  session: Session,
  input: OperationInput,
): Promise<ExitStatus> {
  if (session.globals.json === true) printJson(session, output)
  else {
    const { showOutput } = await import('./views/show.ts')
    showOutput(operation.name, output, session, input)
  }
  if (operation.exitStatus !== undefined) return operation.exitStatus(output)
  if (operation.needs === 'host') return statusOfReplies(operation.replies?.(output))
  return operation.isIncomplete?.(output) === true ? EXIT_INCOMPLETE : EXIT_OK
}

/** Ok if nobody failed; incomplete if some did; if all did, what their failures have in common. */
function statusOfReplies({ answered, failures }: ReplyCount = { answered: 0, failures: [] }): ExitStatus {
  if (failures.length === 0) return EXIT_OK
  if (answered > 0) return EXIT_INCOMPLETE
  const statuses = new Set(failures.map(({ code }) => ERROR_CODES[code].exit))
  return statuses.size === 1 ? ([...statuses][0] as ExitStatus) : ERROR_CODES.all_agents_failed.exit
}
