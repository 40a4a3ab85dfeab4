/** What a command works with: its folder, its streams, and the ways to open the workshop. */
import type { WorkshopViews } from '../facade/contract.ts'
import type { HostedWorkshop } from '../facade/workshop.ts'
import { isAtelierError, messageOf } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import type { EndedLeftovers } from '../host-parts.ts'
import type { OpenOptions } from '../workshop.ts'
import type { Globals } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/** How the workshop is opened: the composition root, or a stand-in in tests. */
export interface Openers {
  views(options: { readonly dir: string }): Promise<WorkshopViews & { close(): Promise<void> }>
  workshop(options: OpenOptions): Promise<HostedWorkshop>
  /** The project folder of a command that is run somewhere inside of it. */
  findFolder(from: string): Promise<string>
  /** Trusts a folder's configuration; gives the folder as it is listed. */
  trust(dir: string): Promise<string>
  /** Ends what dead hosts left running, of any workshop of this user; never throws. */
  endLeftovers(): Promise<readonly EndedLeftovers[]>
}

export interface Session {
  readonly dir: string
  readonly globals: Globals
  readonly terminal: Terminal
  readonly clock: Clock
  readonly open: Openers
  /** Aborted when nobody reads the output any more. */
  readonly unread: AbortSignal
}

/** How this process opens the workshop for a verb that writes. */
export function openOptions({ dir }: Session): OpenOptions {
  // Reading workflows takes time: verbs that are about them, and who stays, define them.
  return { dir, via: 'cli', trust: 'ask', workflows: false }
}

/** Of a file that is no workflow only that: the verb that checks it says what is wrong. */
function warningOf(error: unknown): string {
  const [first = ''] = messageOf(error).split('\n')
  const file = isAtelierError(error) ? error.details['file'] : undefined
  if (typeof file !== 'string') return first
  const name = file.slice(Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\')) + 1)
  return `${name} is no workflow. Why: atelier workflow validate ${name.replace(/\.\w+$/u, '')}`
}

/** The same for what is about workflows: those of the project are defined first, and a file that is none is told. */
export function workflowOptions(session: Session): OpenOptions {
  return {
    ...openOptions(session),
    workflows: true,
    onError: (error) => note(session, `warning: ${warningOf(error)}`),
  }
}

export function note({ terminal }: Pick<Session, 'terminal'>, text: string): void {
  terminal.err.write(`${text}\n`)
}

/** Writes one JSON document: on one line for programs, indented for people. */
export function printJson({ terminal: { out } }: Pick<Session, 'terminal'>, value: unknown): void {
  out.write(`${JSON.stringify(value ?? null, null, out.isTerminal ? 2 : 0)}\n`)
}
