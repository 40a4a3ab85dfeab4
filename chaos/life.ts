/** Programs under chaos: each is started again and again on the same folder until it ends by itself. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyProcesses } from './verify.ts'

export interface Life {
  readonly killed: boolean
  readonly code: number | null
  readonly stderr: string
}

export interface Program {
  /** The file that Node runs. */
  readonly file: string
  readonly args: readonly string[]
  /** Of the run: every process is found by it. */
  readonly dir: string
}

/** Starts the program; `failpoints` is what `ATELIER_FAILPOINTS` says. What it prints is for whoever reads it. */
export function start(
  { file, args, dir }: Program,
  failpoints: string | undefined,
  output: 'ignore' | 'read' = 'ignore',
): { readonly child: ChildProcess; readonly ended: Promise<Life> } {
  const env: NodeJS.ProcessEnv = { ...process.env, XDG_STATE_HOME: dir }
  delete env['ATELIER_FAILPOINTS']
  if (failpoints !== undefined) env['ATELIER_FAILPOINTS'] = failpoints
  const stdio: StdioOptions = ['ignore', output === 'read' ? 'pipe' : 'ignore', 'pipe']
  const child = spawn(process.execPath, [file, ...args], { env, stdio })
  const ended = new Promise<Life>((resolve) => {
    let stderr = ''
    child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)))
    child.on('close', (code, signal) => resolve({ killed: signal === 'SIGKILL', code, stderr }))
  })
  return { child, ended }
}

/** Runs the program once. */
export function live(program: Program, failpoints: string | undefined): Promise<Life> {
  return start(program, failpoints).ended
}

/** Gives an empty folder, and looks for processes that were started in it; it is kept where something is wrong. */
export async function inFolder(act: (dir: string) => Promise<string[]>): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'atelier-chaos-'))
  // What could not even be looked at is wrong as well, and ends no run.
  const found = await act(dir).catch((error: unknown) => [`it cannot be verified: ${String(error)}`])
  const wrong = [...found, ...(await verifyProcesses(dir))]
  if (wrong.length === 0) await rm(dir, { recursive: true, force: true })
  else console.log(`  kept: ${dir}`)
  return wrong
}
