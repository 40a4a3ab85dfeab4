import { runDemo } from '../../demo/run.ts'
import { EXIT_INTERRUPTED, EXIT_OK, type ExitStatus } from '../command.ts'
import { takeInterrupts } from '../interrupt.ts'
import { note, type Session } from '../session.ts'

interface DemoInput {
  readonly name?: string
}

/** `atelier demo`. */
export async function runDemoCommand({ name = 'direct' }: DemoInput, session: Session): Promise<ExitStatus> {
  const interrupt = takeInterrupts(() => note(session, 'Ending the demo.'))
  try {
    await runDemo({ name, signal: interrupt.signal, out: session.terminal.out })
  } finally {
    interrupt.release()
  }
  return interrupt.signal.aborted ? EXIT_INTERRUPTED : EXIT_OK
}
