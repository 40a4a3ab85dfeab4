/** Terminals that are only seen by a test, and command lines run as processes. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterEach, expect } from 'vitest'
import { runCli } from '../../src/cli/cli.ts'
import type { Sink, Terminal } from '../../src/cli/terminal.ts'
import type { Json } from '../../src/json.ts'
import { findProjectFolder } from '../../src/folders.ts'
import { openViews, openWorkshop } from '../../src/workshop.ts'

const folders: string[] = []
const children = new Set<ChildProcess>()

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  for (const dir of folders.splice(0)) {
    if (existsSync(join(dir, '.atelier', 'state', 'host.log'))) await run(['down', '--now'], { dir })
    rmSync(dir, { recursive: true, force: true })
  }
})

/** A folder that is removed after the test, with the background host that may run in it. */
export function temporaryFolder(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'atelier-cli-')))
  folders.push(dir)
  return dir
}

/** A project whose agents do what a script says, in a folder of its own. */
export function project(config: Record<string, Json>): string {
  const dir = temporaryFolder()
  writeFileSync(join(dir, 'atelier.config.json'), JSON.stringify(config))
  return dir
}

export interface FakeSink extends Sink {
  readonly text: string
}

export interface FakeTerminal extends Terminal {
  readonly out: FakeSink
  readonly err: FakeSink
}

export interface FakeTerminalOptions {
  /** Columns of a screen; without it nothing is a terminal. */
  readonly columns?: number
  readonly colour?: boolean
  readonly input?: string
  readonly cwd?: string
}

/** Streams that keep what is written. */
export function fakeTerminal({
  columns,
  colour = false,
  input = '',
  cwd = '/',
}: FakeTerminalOptions = {}): FakeTerminal {
  const sink = (): FakeSink => {
    let text = ''
    return {
      isTerminal: columns !== undefined,
      colour,
      width: columns ?? Number.POSITIVE_INFINITY,
      height: columns === undefined ? Number.POSITIVE_INFINITY : 24,
      write: (more) => void (text += more),
      get text() {
        return text
      },
    }
  }
  const stdin = Readable.from([Buffer.from(input)]) as NodeJS.ReadStream
  return { out: sink(), err: sink(), in: stdin, env: { PATH: process.env['PATH'] }, cwd }
}

/** Runs a command line in this process. */
export async function cli(
  words: readonly string[],
  options: FakeTerminalOptions = {},
): Promise<{ readonly status: number; readonly out: string; readonly err: string }> {
  const terminal = fakeTerminal(options)
  const status = await runCli(words, {
    terminal,
    open: {
      views: openViews,
      workshop: (more) => openWorkshop({ ...more, trust: 'granted' }),
      findFolder: (from) => Promise.resolve(findProjectFolder(from)),
      trust: (dir) => Promise.resolve(dir),
      endLeftovers: () => Promise.resolve([]),
    },
    unread: new AbortController().signal,
  })
  return { status, out: terminal.out.text, err: terminal.err.text }
}

export const MAIN: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

export interface RunOptions {
  readonly dir: string
  /** What is written to standard input before it ends; null leaves it open. */
  readonly input?: string | null
  readonly env?: Readonly<Record<string, string>>
}

export interface Finished {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** A command line that is running as a process. */
export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Finished>
  /** Resolves when this stands in what it has written. */
  readonly wrote: (stream: 'out' | 'err', text: string) => Promise<void>
}

/** Starts `atelier` as a process of its own. */
export function start(words: readonly string[], { dir, input = '', env = {} }: RunOptions): Running {
  const child = spawn(process.execPath, [MAIN, ...words], {
    cwd: dir,
    env: {
      PATH: process.env['PATH'],
      HOME: dir,
      ATELIER_TRUST: '1',
      NODE_COMPILE_CACHE: join(tmpdir(), 'atelier-cache'),
      ...env,
    },
  })
  children.add(child)
  const written = { out: '', err: '' }
  const watchers = new Set<() => void>()
  for (const [name, stream] of [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
      for (const watcher of watchers) watcher()
    })
  }
  child.stdin.on('error', () => {})
  if (input !== null) child.stdin.end(input)
  const ended = new Promise<Finished>((resolve) => {
    child.on('close', (status, signal) => {
      children.delete(child)
      resolve({ status, signal, ...written })
    })
  })
  return {
    child,
    ended,
    wrote: (stream, text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!written[stream].includes(text)) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
        void ended.then(() =>
          reject(new Error(`ended without ${JSON.stringify(text)}: ${JSON.stringify(written)}`)),
        )
      }),
  }
}

/** Runs `atelier` as a process of its own to its end. */
export function run(words: readonly string[], options: RunOptions): Promise<Finished> {
  return start(words, options).ended
}

/** The words of a simple shell line: blanks, single and double quotes. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/gu)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? '',
  )
}

/** Stands for any text with this in it. */
export function containing(text: string): string {
  return expect.stringContaining(text) as string
}

/** Stands for any text of this form. */
export function matching(pattern: RegExp): string {
  return expect.stringMatching(pattern) as string
}

/** Runs the CLI on a pseudo-terminal of 80 columns and 24 lines, and gives the bytes that it wrote there. */
export function onTerminal(
  words: string,
  { dir, env = {} }: { readonly dir: string; readonly env?: Record<string, string> },
): string {
  const command = `stty cols 80 rows 24; '${process.execPath}' '${MAIN}' ${words}`
  return execFileSync('script', ['-qec', command, '/dev/null'], {
    cwd: dir,
    env: { PATH: process.env['PATH'], HOME: dir, TERM: 'xterm-256color', ATELIER_TRUST: '1', ...env },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).replaceAll('\r\n', '\n')
}
