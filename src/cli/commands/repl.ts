import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { start, type REPLServer } from 'node:repl'
import { isAtelierError, messageOf } from '../../errors.ts'
import type { Workshop } from '../../facade/contract.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { overview } from '../help.ts'
import { paintFor } from '../paint.ts'
import { note, openOptions, type Session } from '../session.ts'
import { readable } from '../text.ts'
import { membersInScope, type Interruption } from './repl-scope.ts'
import { showValue } from './repl-values.ts'

const MORE_HELP = `
Here the verbs are functions, with names as in awaitAll and cancelSchedule; for one agent it is shop.await('impl'),
since await alone is a word of JavaScript. watch() prints events until unwatch(). .exit leaves.
`

/** `atelier repl`: runs agents itself for as long as it is open. */
export async function runRepl(_input: unknown, session: Session): Promise<ExitStatus> {
  const shop = await session.open.workshop({ ...openOptions(session), host: 'library' })
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
  const interruption: Interruption = { signal: undefined }
  const print = (line: string): void => {
    terminal.out.write(terminal.out.isTerminal ? `\r\u001B[2K${line}\n` : `${line}\n`)
    if (terminal.in.isTTY) server.displayPrompt(true)
  }
  const scope = membersInScope(shop, { interruption, print, session })
  const server = start({
    prompt: terminal.in.isTTY ? 'atelier> ' : '',
    input: terminal.in,
    output: process.stdout,
    terminal: terminal.in.isTTY && terminal.out.isTerminal,
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
  const evaluated = awaitValues(server, session, interruption)
  const exited = new Promise<void>((resolve) => server.once('exit', resolve))
  if (terminal.in.isTTY) await keepHistory(server, session)
  await exited
  // Lines that came through a pipe are all read before the first of them has been answered.
  await evaluated()
  await scope.close()
}

/**
 * Shows what a promise gives, since that is what a person means by `status()`; one line after the other.
 * Ctrl-C calls off what the line waits for.
 * @returns resolves when every line so far is answered
 */
function awaitValues(server: REPLServer, session: Session, interruption: Interruption): () => Promise<void> {
  const evaluate = server.eval.bind(server)
  let last = Promise.resolve()
  const inTurn: typeof server.eval = function (code, context, file, done) {
    last = last.then(
      () =>
        new Promise((resolve) => {
          const release = takeInterrupt(server, interruption)
          const end = (error: Error | null, value?: unknown): void => {
            release()
            if (isAtelierError(error)) tellError(session, `${error.message} [${error.code}]`)
            done(isAtelierError(error) ? null : error, value)
            resolve()
          }
          evaluate.call(server, code, context, file, (error, value: unknown) => {
            if (error !== null) return end(error)
            Promise.resolve(value).then(
              (settled) => end(null, settled),
              (reason: unknown) => end(reason instanceof Error ? reason : new Error(messageOf(reason))),
            )
          })
        }),
    )
  }
  Object.defineProperty(server, 'eval', { value: inTurn })
  return () => last
}

/** While a line is evaluated, Ctrl-C aborts its signal. A terminal in raw mode sends a key, and not a signal. */
function takeInterrupt(server: REPLServer, interruption: Interruption): () => void {
  const controller = new AbortController()
  const interrupt = (): void => controller.abort()
  interruption.signal = controller.signal
  server.on('SIGINT', interrupt)
  process.on('SIGINT', interrupt)
  return () => {
    server.off('SIGINT', interrupt)
    process.off('SIGINT', interrupt)
  }
}

function tellError({ terminal: { err } }: Session, text: string): void {
  err.write(`${paintFor(err).bad('error:')} ${readable(text, err)}\n`)
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
