import { ensureBackgroundHost, hostLog } from '../background.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { note, openOptions, printJson, type Session } from '../session.ts'

interface UpInput {
  readonly idleExit?: string
}

/** `atelier up`. */
export async function runUp({ idleExit }: UpInput, session: Session): Promise<ExitStatus> {
  const shop = await session.open.workshop({ ...openOptions(session), host: 'none' })
  try {
    const { pid, started } = await ensureBackgroundHost(
      session,
      shop,
      idleExit === undefined ? {} : { idleExit },
    )
    const log = hostLog(session.dir)
    if (session.globals.json === true) printJson(session, { pid, started, log })
    else {
      session.terminal.out.write(`${pid}\n`)
      note(
        session,
        started ? `Started the background host. Its log: ${log}` : 'The background host is running already.',
      )
    }
    return EXIT_OK
  } finally {
    await shop.close()
  }
}
