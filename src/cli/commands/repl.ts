import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { start, type REPLServer } from 'node:repl'
import { PassThrough } from 'node:stream'
import type { Workshop } from '../../facade/contract.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { overview } from '../help.ts'
import { note, workflowOptions, type Session } from '../session.ts'
import { evaluateInTurn, tellError, type LineByLine } from './repl-lines.ts'
import { membersInScope, type Interruption } from './repl-scope.ts'
import { showValue } from './repl-values.ts'

const MORE_HELP = `
Here the verbs are functions, with names as in awaitAll and cancelSchedule; for one agent it is shop.await('impl'),
since await alone is a word of JavaScript. watch() prints events until unwatch(). .exit leaves.
`

/** `atelier repl`: runs agents itself for as long as it is open. */
export async function runRepl(_input: unknown, session: Session): Promise<ExitStatus> {
  const shop = await session.open.workshop({ ...workflowOptions(session), host: 'library' })
  try {
    if (session.terminal.in.isTTY) {
      note(session, `The workshop in ${shop.dir}. Its members are in scope: status(), ask('impl', '…').`)
      note(session, '.help lists them, .exit leaves.')
    }
    await talk(session, shop)
  } finally {
    await shop.close()
  }
  return EXIT_OK
}

async function talk(session: Session, shop: Workshop): Promise<void> {
  const { terminal } = session
  const { isTTY } = terminal.in
  const interruption: Interruption = { signal: undefined, abort: () => {} }
  const print = (line: string): void => {
    terminal.out.write(terminal.out.isTerminal ? `\r\u001B[2K${line}\n` : `${line}\n`)
    if (isTTY) lines.displayPrompt(true)
  }
  const scope = membersInScope(shop, { interruption, print, session })
  const piped = new PassThrough()
  const server = start({
    prompt: isTTY ? 'atelier> ' : '',
    input: isTTY ? terminal.in : piped,
    output: process.stdout,
    terminal: isTTY && terminal.out.isTerminal,
    useColors: terminal.out.colour,
    ignoreUndefined: true,
    writer: (value: unknown) => showValue(value, session, scope.originOf(value)),
  })
  for (const [name, value] of Object.entries(scope.members)) {
    Object.defineProperty(server.context, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  describeHelp(server, session)
  const lines = evaluateInTurn(server, session, interruption)
  const exited = new Promise<void>((resolve) => server.once('exit', resolve))
  if (isTTY) await keepHistory(server, session)
  else await handOver(terminal.in, piped, lines)
  await exited
  interruption.abort()
  await scope.close()
}

/** Hands lines from a pipe over one by one: what a line means may depend on how the one before it ended. */
async function handOver(from: NodeJS.ReadableStream, to: PassThrough, lines: LineByLine): Promise<void> {
  for await (const line of createInterface({ input: from })) {
    const ended = lines.nextPrompt()
    to.write(`${line}\n`)
    await ended
  }
  to.end()
}

function describeHelp(server: REPLServer, { terminal }: Session): void {
  server.defineCommand('help', {
    help: 'List the verbs',
    async action() {
      this.clearBufferedCommand()
      terminal.out.write((await overview(terminal.out)) + MORE_HELP)
      this.displayPrompt()
    },
  })
}

async function keepHistory(server: REPLServer, session: Session): Promise<void> {
  const folder = join(session.dir, '.atelier', 'state')
  mkdirSync(folder, { recursive: true })
  await new Promise<void>((resolve) => {
    server.setupHistory(join(folder, 'repl_history'), (error) => {
      if (error !== null) tellError(session, `the history is not kept: ${error.message}`)
      resolve()
    })
  })
}
