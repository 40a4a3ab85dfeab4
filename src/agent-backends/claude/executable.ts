/** Finds Claude Code on this machine. */
import { realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

import { findExecutable } from '../../processes/executable.ts'

/** The program, or why there is none, with the exact fix. */
export type FoundClaude =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly why: string }

const PACKAGE = '@anthropic-ai/claude-code'
const INSTALL = `Install it with \`npm install -g ${PACKAGE}\`, or name its path in backendConfig.executable.`
/** The program has hundreds of MB; what npm puts in its place until the install script has run, a few hundred bytes. */
const SMALLEST_PROGRAM_BYTES = 64 * 1024

export interface FindOptions {
  /** A path or a name; nothing else is looked for then. */
  readonly executable?: string | undefined
  /** Default: this process's own PATH. */
  readonly path?: string
  /**
   * The folder from which node_modules are looked for upwards; default: where Atelier itself lies. Not the
   * project's: a program in a repository must not run because nothing else was found.
   */
  readonly from?: string
}

/** Looks on PATH, then in node_modules, where its binary is found even if its install script was not run. */
export function findClaude({ executable, path, from = import.meta.dirname }: FindOptions = {}): FoundClaude {
  if (executable !== undefined) {
    const found = findExecutable(executable, path)
    if (found !== undefined) return program(found)
    const where = executable.includes('/') ? 'is no executable file with an absolute path' : 'is not on PATH'
    return { ok: false, why: `${executable} (backendConfig.executable) ${where}. ${INSTALL}` }
  }
  const onPath = findExecutable('claude', path)
  if (onPath !== undefined) return program(onPath)
  const installed = upwards(from).flatMap((folder) => binariesIn(join(folder, 'node_modules')))[0]
  if (installed !== undefined) return { ok: true, path: installed }
  return { ok: false, why: `Claude Code was found neither on PATH nor in node_modules. ${INSTALL}` }
}

/** What is to be run for a path: the binary itself where the path is only npm's stand-in for it. */
function program(path: string): FoundClaude {
  const file = realpathSync(path)
  const folder = dirname(dirname(file))
  const isStandIn = basename(folder) === basename(PACKAGE) && statSync(file).size < SMALLEST_PROGRAM_BYTES
  if (!isStandIn) return { ok: true, path }
  const nearby = [dirname(dirname(folder)), join(folder, 'node_modules')].flatMap(binariesIn)[0]
  if (nearby !== undefined) return { ok: true, path: nearby }
  const script = join(folder, 'install.cjs')
  return {
    ok: false,
    why:
      `${path} is there, but its install script was not run and its binary was not installed ` +
      `(--ignore-scripts or --omit=optional). Run \`node ${script}\`, or install ${PACKAGE} without these options.`,
  }
}

/** The binaries of this platform in a node_modules folder. */
function binariesIn(modules: string): string[] {
  const file = process.platform === 'win32' ? 'claude.exe' : 'claude'
  const platform = `${PACKAGE}-${process.platform}-${process.arch}`
  return [platform, `${platform}-musl`]
    .map((name) => findExecutable(join(modules, name, file)))
    .filter((path) => path !== undefined)
}

function upwards(from: string): string[] {
  const folders = [from]
  for (let folder = from; dirname(folder) !== folder; folder = dirname(folder)) folders.push(dirname(folder))
  return folders
}
