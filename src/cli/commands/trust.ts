import { EXIT_OK, type ExitStatus } from '../command.ts'
import { note, printJson, type Session } from '../session.ts'

/** `atelier trust`. */
export async function runTrust(_input: unknown, session: Session): Promise<ExitStatus> {
  const folder = await session.open.trust(session.dir)
  if (session.globals.json === true) printJson(session, { trusted: folder })
  else note(session, `Trusted ${folder}: its configuration is loaded from now on.`)
  return EXIT_OK
}
