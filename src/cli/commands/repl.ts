import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { start, type REPLServer } from 'node:repl'
import { inspect } from 'node:util'
import { isAtelierError, messageOf } from '../../errors.ts'
import type { Workshop } from '../../facade/contract.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { overview } from '../help.ts'
import { paintFor } from '../paint.ts'
import { note, openOptions, type Session } from '../session.ts'
import { membersInScope, type Interruption } from './repl-scope.ts'
import { showValue } from './repl-values.ts'

/** `atelier repl`: runs agents itself for as long as it is open. */
export async function runRepl(_input: unknown, session: Session): Promise<ExitStatus> {
  const { terminal } = session
  const shop = await session.open.workshop({ ...openOptions(session), host: 'library' })
  try {
    if (terminal.in.isTTY) {
      note(
        session,
        `Workshop ${shop.dir}. Every member is in scope: status(), ask('impl', '…'), watch(). More: .help`,
      )
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
  const server = start({
    prompt: terminal.in.isTTY ? 'atelier> ' : '',
    input: terminal.in,
    output: process.stdout,
    terminal: terminal.in.isTTY && terminal.out.isTerminal,
    useColors: terminal.out.colour,
    ignoreUndefined: true,
    writer: (value: unknown) => showValue(value, session),
  })
  const print = (line: string): void => {
    terminal.out.write(terminal.out.isTerminal ? `\r\u001B[2K${line}\n` : `${line}\n`)
    if (terminal.in.isTTY) server.displayPrompt(true)
  }
  const scope = membersInScope(shop, interruption, { print, session })
  for (const [name, value] of Object.entries(scope.members)) {
    Object.defineProperty(server.context, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }
  describeHelp(server, session)
  if (terminal.in.isTTY) await keepHistory(server, session)
  const evaluated = awaitValues(server, session, interruption)
  await new Promise<void>((resolve) => server.once('exit', resolve))
  // Lines that came through a pipe are all read before the first of them has been answered.
  await evaluated()
  await scope.close()
}

/**
 * Shows what a promise gives, as a person means `status()`; one line after the other. Ctrl-C calls off
 * what the line waits for. An error of ours is its message and code.
 * @returns resolves when every line so far is answered
 */
function awaitValues(server: REPLServer, session: Session, interruption: Interruption): () => Promise<void> {
  const plain = server.eval.bind(server)
  let last = Promise.resolve()
  const evaluate: typeof server.eval = function (code, context, file, done) {
    const run = (): Promise<void> =>
      new Promise((resolve) => {
        const controller = new AbortController()
        const interrupt = (): void => controller.abort()
        interruption.signal = controller.signal
        process.once('SIGINT', interrupt)
        server.once('SIGINT', interrupt)
        const end = (error: Error | null, value?: unknown): void => {
          process.off('SIGINT', interrupt)
          server.off('SIGINT', interrupt)
          if (isAtelierError(error)) {
            note(session, `${paintFor(session.terminal.err).bad('error:')} ${error.message} [${error.code}]`)
            done(null, undefined)
          } else done(error, value)
          resolve()
        }
        plain.call(server, code, context, file, (error, value: unknown) => {
          if (error !== null) return end(error)
          Promise.resolve(value).then(
            (settled) => end(null, settled),
            (reason: unknown) => end(reason instanceof Error ? reason : new Error(messageOf(reason))),
          )
        })
      })
    last = last.then(run)
  }
  Object.defineProperty(server, 'eval', { value: evaluate })
  return () => last
}

function describeHelp(server: REPLServer, { terminal }: Session): void {
  server.defineCommand('help', {
    help: 'List the verbs',
    async action() {
      this.clearBufferedCommand()
      terminal.out.write(await overview(terminal.out))
      terminal.out.write(
        [
          '\nHere the verbs are functions, with names as in awaitAll and cancelSchedule: shop.await waits for one agent,',
          'since await alone is a word of JavaScript. watch() prints events until unwatch(). .exit leaves.\n',
        ].join('\n'),
      )
      this.displayPrompt()
    },
  })
}

async function keepHistory(server: REPLServer, session: Session): Promise<void> {
  const folder = join(session.dir, '.atelier', 'state')
  mkdirSync(folder, { recursive: true })
  await new Promise<void>((resolve) => {
    server.setupHistory(join(folder, 'repl_history'), (error) => {
      if (error !== null) note(session, `warning: the history is not kept: ${inspect(error.message)}`)
      resolve()
    })
  })
}
