import type { REPLServer } from 'node:repl'
import { isAtelierError, messageOf } from '../../errors.ts'
import { paintFor } from '../paint.ts'
import type { Session } from '../session.ts'
import { readable } from '../text.ts'
import type { Interruption } from './repl-scope.ts'

export interface LineByLine {
  /** Resolves when the line that is handed over next has been answered. */
  nextPrompt(): Promise<void>
  /** Shows the prompt without meaning that a line has ended. */
  readonly displayPrompt: REPLServer['displayPrompt']
}

/**
 * Makes a REPL show what a promise gives, since that is what a person means by `status()`: one line after
 * the other, called off by Ctrl-C. An error of ours is its message and code.
 */
export function evaluateInTurn(server: REPLServer, session: Session, interruption: Interruption): LineByLine {
  const evaluate = server.eval.bind(server)
  const displayPrompt = server.displayPrompt.bind(server)
  const waiting = new Set<() => void>()
  const nextPrompt = (): Promise<void> => new Promise((resolve) => void waiting.add(resolve))
  // The prompt comes back after every line; after one that throws, nothing else tells that it has ended.
  server.displayPrompt = (preserveCursor) => {
    if (session.terminal.in.isTTY) displayPrompt(preserveCursor)
    const ended = [...waiting]
    waiting.clear()
    for (const resolve of ended) resolve()
  }
  let last = Promise.resolve()
  const inTurn: typeof server.eval = function (code, context, file, done) {
    const run = async (): Promise<void> => {
      const ended = nextPrompt()
      const release = takeInterrupt(server, interruption)
      const fail = (reason: unknown): void => {
        if (isAtelierError(reason)) tellError(session, `${reason.message} [${reason.code}]`)
        done(isAtelierError(reason) ? null : asError(reason), undefined)
      }
      evaluate.call(server, code, context, file, (error, value: unknown) => {
        if (error !== null) return fail(error)
        Promise.resolve(value).then((settled) => done(null, settled), fail)
      })
      await ended
      release()
    }
    last = last.then(run)
  }
  Object.defineProperty(server, 'eval', { value: inTurn })
  return { nextPrompt, displayPrompt }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(messageOf(reason))
}

/** While a line is evaluated, Ctrl-C aborts its signal. A terminal in raw mode sends a key, and not a signal. */
function takeInterrupt(server: REPLServer, interruption: Interruption): () => void {
  const controller = new AbortController()
  const interrupt = (): void => controller.abort()
  interruption.signal = controller.signal
  interruption.abort = interrupt
  const usual = server.listeners('SIGINT') as (() => void)[]
  server.removeAllListeners('SIGINT')
  server.on('SIGINT', interrupt)
  process.on('SIGINT', interrupt)
  return () => {
    server.off('SIGINT', interrupt)
    process.off('SIGINT', interrupt)
    for (const listener of usual) server.on('SIGINT', listener)
  }
}

/** Writes an error as the command line does. */
export function tellError({ terminal: { err } }: Session, text: string): void {
  err.write(`${paintFor(err).bad('error:')} ${readable(text, err)}\n`)
}
