import { messageOf } from '../../errors.ts'
import { backgroundHost } from '../background.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { takeInterrupts } from '../interrupt.ts'
import { note, openOptions, type Session } from '../session.ts'

interface HostInput {
  readonly idleExit?: string
}

/** `atelier host`: runs agents until somebody ends it, or it has been idle for long enough. */
export async function runHost({ idleExit }: HostInput, session: Session): Promise<ExitStatus> {
  const shop = await session.open.workshop({
    ...openOptions(session),
    via: 'host',
    host: 'background',
    onError: (error) => log(session, `error: ${messageOf(error)}`),
    ...(idleExit === undefined ? {} : { idleExit }),
  })
  const interrupt = takeInterrupts(() => {
    log(session, 'ending after the running turns')
    void shop.close()
  })
  try {
    // Two that were started at the same moment see each other here, and the older one stays.
    const first = await backgroundHost(shop)
    if (first?.state === 'running' && first.pid !== process.pid) {
      log(session, `another host is running already (pid ${first.pid})`)
    } else {
      log(session, `host ${process.pid} is running`)
      await shop.hostEnded
    }
  } finally {
    await shop.close()
    interrupt.release()
  }
  log(session, `host ${process.pid} has ended`)
  // `atelier down` waits for this process, and a backend made in code may have left a timer or a socket behind.
  process.exit(EXIT_OK)
}

function log(session: Session, text: string): void {
  const at = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' }).format(
    session.clock.now(),
  )
  note(session, `${at} ${text}`)
}
