import { resolve } from 'node:path'
import { runDemo, type DemoOptions } from '../../demo/run.ts'
import { EXIT_INTERRUPTED, EXIT_OK, type ExitStatus } from '../command.ts'
import { takeInterrupts } from '../interrupt.ts'
import { note, type Session } from '../session.ts'

type DemoInput = Pick<DemoOptions, 'name' | 'backend' | 'modelServer' | 'claude' | 'workers'>

/** `atelier demo`. */
export async function runDemoCommand(input: DemoInput, session: Session): Promise<ExitStatus> {
  const { cwd, out } = session.terminal
  const { claude, ...given } = input
  const interrupt = takeInterrupts(() => note(session, 'Ending the demo.'))
  try {
    await runDemo({
      ...given,
      // A path is meant as it is written in the shell; a bare name stays one of PATH.
      ...(claude !== undefined && { claude: claude.includes('/') ? resolve(cwd, claude) : claude }),
      signal: interrupt.signal,
      out,
    })
  } finally {
    interrupt.release()
  }
  return interrupt.signal.aborted ? EXIT_INTERRUPTED : EXIT_OK
}
