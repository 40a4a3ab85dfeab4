/** Real processes of a test, none of which outlives it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface TestProcess {
  readonly child: ChildProcess
  /** Resolves with the first line of output that contains the text. */
  line(containing: string): Promise<string>
  /** Resolves with the exit code when the process has ended. */
  readonly ended: Promise<number | null>
  readonly stderr: () => string
}

/** Starts a child program of `children/`. */
export function startChild(name: string, args: readonly string[]): TestProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'children', name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let err = ''
  const waiting: { readonly text: string; readonly resolve: (line: string) => void }[] = []
  const look = (): void => {
    for (const { text, resolve } of waiting) {
      const found = out.split('\n').find((line) => line.includes(text))
      if (found !== undefined) resolve(found)
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
      new Promise((resolve, reject) => {
        waiting.push({ text, resolve })
        look()
        void ended.then((code) => reject(new Error(`ended with ${code} before it said "${text}": ${err}`)))
      }),
  }
}
