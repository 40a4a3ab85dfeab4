/** Writes outputs for people. Programs ask for JSON, and load nothing of this. */
import type { OperationInput, OperationName } from '../../operations/operation.ts'
import { paintFor } from '../paint.ts'
import { note, type Session } from '../session.ts'
import { readable, safeText } from '../text.ts'
import { BOARD_VIEWS } from './board.ts'
import { INBOX_VIEWS } from './inbox.ts'
import { LOG_VIEWS } from './log.ts'
import { RECORD_VIEWS } from './records.ts'
import { RESULT_VIEWS } from './results.ts'
import { TALK_VIEWS } from './talk.ts'
import { TEAM_VIEWS } from './team.ts'
import { WORKTREE_VIEWS } from './worktrees.ts'
import { WORKFLOW_VIEWS } from './workflows.ts'
import type { Page, Shown, Views } from './view.ts'

const VIEWS: Views<OperationName> = {
  ...TEAM_VIEWS,
  ...TALK_VIEWS,
  ...RESULT_VIEWS,
  ...BOARD_VIEWS,
  ...WORKTREE_VIEWS,
  ...WORKFLOW_VIEWS,
  ...INBOX_VIEWS,
  ...RECORD_VIEWS,
  ...LOG_VIEWS,
}

/** Writes an output: data to standard output, remarks to standard error. A page is painted for the former. */
export function showOutput(
  name: OperationName,
  output: unknown,
  session: Session,
  input: OperationInput,
): void {
  const { body, remark } = show(name, output, pageFor(session, input))
  if (body !== '') session.terminal.out.write(body)
  if (remark !== undefined)
    note(session, paintFor(session.terminal.err).faint(readable(remark, session.terminal.err)))
}

/** An output with its remark, as one text. */
export function outputText(name: OperationName, output: unknown, session: Session): string {
  const { body, remark } = show(name, output, pageFor(session, {}))
  return remark === undefined ? body : `${body}${paintFor(session.terminal.out).faint(remark)}\n`
}

/** One item of a stream as a line. */
export function showItem(name: OperationName, item: unknown, session: Session): string {
  return show(name, item, pageFor(session, {})).body
}

function show(name: OperationName, output: unknown, page: Page): Shown {
  const view = VIEWS[name] as (output: unknown, page: Page) => Shown
  return view(output, page)
}

/** What agents wrote reaches a terminal without the means to command it; a file or a program gets it as it is. */
function pageFor({ terminal, clock }: Session, input: OperationInput): Page {
  const { out } = terminal
  return {
    paint: paintFor(out),
    width: out.width,
    now: clock.now(),
    input,
    cwd: terminal.cwd,
    clean: out.isTerminal ? safeText : (text) => text,
  }
}
