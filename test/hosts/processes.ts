/** Real processes of a test, none of which outlives it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { onTestFinished } from 'vitest'

export interface TestProcess {
  readonly child: ChildProcess
  /** Resolves with the first line of output that contains the text. */
  line(containing: string): Promise<string>
  /** Resolves with the exit code when the process has ended. */
  readonly ended: Promise<number | null>
  readonly stderr: () => string
}

/** Starts a child program: one of `children/` by its name, or any by its path. */
export function startChild(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): TestProcess {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, 'children', program), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  })
  let out = ''
  let err = ''
  const waiting: { readonly text: string; readonly tell: (line: string) => void }[] = []
  const look = (): void => {
    for (const { text, tell } of waiting) {
      const found = out.split('\n').find((line) => line.includes(text))
      if (found !== undefined) tell(found)
    }
  }
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString()
    look()
  })
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return {
    child,
    ended,
    stderr: () => err,
    line: (text) =>
      new Promise((tell, reject) => {
        waiting.push({ text, tell })
        look()
        void ended.then((code) => reject(new Error(`ended with ${code} before it said "${text}": ${err}`)))
      }),
  }
}
