/**
 * `npm run test:agents`: installs the pinned agents of this folder, and runs its tests where nothing but this machine
 * can be reached. Arguments go to the test runner: `npm run test:agents -- sessions`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const FOLDER = import.meta.dirname
/** Says of which lockfile `node_modules` is. */
const STAMP = join(FOLDER, 'node_modules', '.lockfile-hash')
const LOOPBACK_UP = 'ip link set lo up'

function say(text: string): void {
  process.stdout.write(`agents: ${text}\n`)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** Install scripts are left out: the tests find the native binaries themselves. */
function install(): void {
  const lockfile = createHash('sha256')
    .update(textOf(join(FOLDER, 'package-lock.json')))
    .digest('hex')
  if (textOf(STAMP) === lockfile) return say('installed')
  say('installing')
  const args = ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', args, { cwd: FOLDER, stdio: 'inherit', shell: process.platform === 'win32' })
  writeFileSync(STAMP, lockfile)
}

/** Runs its arguments where only this machine can be reached. */
const ISOLATED = ['unshare', '-n', 'sh', '-c', `${LOOPBACK_UP} && exec "$@"`, 'sh'] as const

/** Why there is no such place here; nothing if there is. */
function whyNotIsolated(): string | undefined {
  if (process.platform !== 'linux') return 'only Linux has them'
  if (process.getuid?.() !== 0) return 'this takes root'
  const [file, ...args] = ISOLATED
  if (spawnSync(file, [...args, 'true'], { stdio: 'ignore' }).status === 0) return undefined
  return `\`unshare -n\` with \`${LOOPBACK_UP}\` is refused here`
}

function test(): number {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const config = join(FOLDER, 'vitest.config.ts')
  const args = [vitest, 'run', '--config', config, ...process.argv.slice(2)]
  const why = whyNotIsolated()
  if (why === undefined) say('in a network namespace with nothing but loopback')
  else say(`without a network namespace of their own: ${why}`)
  const [file, ...before] = why === undefined ? [...ISOLATED, process.execPath] : [process.execPath]
  const env = { ...process.env, ...(why === undefined && { ATELIER_LOOPBACK_ONLY: '1' }) }
  const { status, error } = spawnSync(file, [...before, ...args], { stdio: 'inherit', env })
  if (error !== undefined) throw error
  return status ?? 1
}

install()
process.exitCode = test()
