/** Installs the pinned packages of a peer, once for each lockfile. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Install scripts are left out: what is native comes prebuilt. */
const CI = ['ci', '--prefer-offline', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund']

/** The code and the sentence; what follows is advice and the path of a log. */
const REASON_LINES = 2

/** @throws Error with what npm says if it cannot */
export function install(folder: string, say: (text: string) => void): void {
  /** Says of which lockfile `node_modules` is. */
  const stamp = join(folder, 'node_modules', '.lockfile-hash')
  const lockfile = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  if (textOf(stamp) === lockfile) return
  say('installing')
  const { status, error, stderr } = spawnSync('npm', CI, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: process.platform === 'win32',
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(errorsOf(stderr))
  writeFileSync(stamp, lockfile)
}

/** Of the many lines that npm prints those that say why, in one. */
function errorsOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.startsWith('npm error '))
  return lines
    .slice(0, REASON_LINES)
    .map((line) => line.slice('npm error '.length))
    .join('; ')
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
