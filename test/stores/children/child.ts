import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const WRITER = fileURLToPath(new URL('writer.ts', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
  readonly errors: string
}

export interface Child {
  readonly ended: Promise<Ended>
  /** Resolves when the process has printed this text. */
  printed(text: string): Promise<void>
  kill(): void
}

export interface ChildOptions {
  /** The failpoint that ends the process. */
  readonly failpoint?: string
  readonly uid?: number
}

/** Starts a process that writes to the store at `path`; see `writer.ts`. */
export function startWriter(
  path: string,
  command: readonly string[],
  { failpoint, uid }: ChildOptions = {},
): Child {
  const env = { ...process.env, ...(failpoint === undefined ? {} : { ATELIER_FAILPOINTS: failpoint }) }
  const child = spawn(process.execPath, [WRITER, path, ...command], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid }),
  })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const ended = once(child, 'close').then(([code, signal]): Ended => {
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, output, errors }
  })
  return {
    ended,
    async printed(text) {
      while (!output.includes(text)) {
        if (child.exitCode !== null)
          throw new Error(`The process ended without printing "${text}": ${errors}`)
        await once(child.stdout, 'data')
      }
    },
    kill: () => child.kill('SIGKILL'),
  }
}
