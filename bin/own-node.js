// For a system whose Node is too old: runs the CLI on the Node that the package or the project brings (npm package
// `node`). Plain JavaScript that Node 18 can parse.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The `node` package nearest to this file, walking up, if it is new enough and its binary is in place.
 *
 * @param {readonly number[]} needed - major and minor version
 * @returns {string | undefined} path of the binary
 */
function findOwnNode([neededMajor, neededMinor]) {
  let folder = dirname(dirname(fileURLToPath(import.meta.url)))
  for (;;) {
    const candidate = join(folder, 'node_modules', 'node')
    const binary = join(candidate, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    if (existsSync(binary)) {
      const { version } = JSON.parse(readFileSync(join(candidate, 'package.json'), 'utf8'))
      const [major, minor] = version.split('.').map(Number)
      if (major > neededMajor || (major === neededMajor && minor >= neededMinor)) return binary
    }
    if (dirname(folder) === folder) return undefined
    folder = dirname(folder)
  }
}

/**
 * Replaces this process as well as Node can: same arguments and streams, signals passed on, the same end.
 *
 * @param {readonly number[]} needed - major and minor version
 */
export function runOnOwnNode(needed) {
  const binary = findOwnNode(needed)
  if (binary === undefined) {
    console.error(
      `atelier needs Node ${needed.join('.')} or newer, and this is ${process.versions.node} (${process.execPath}).\n` +
        'Install a newer Node (https://nodejs.org), or add one to your project: npm install --save-dev node@24',
    )
    process.exit(1)
  }
  const script = fileURLToPath(new URL('./atelier.js', import.meta.url))
  const child = spawn(binary, [script, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both processes; passing it on would make two of one.
  const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const passOn = (signal) => {
    if (!(terminal && (signal === 'SIGINT' || signal === 'SIGQUIT'))) child.kill(signal)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
  for (const signal of signals) process.on(signal, passOn)
  child.on('error', (error) => {
    console.error(`atelier could not start ${binary}: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const one of signals) process.off(one, passOn)
    process.exitCode = 128 + (constants.signals[signal] ?? 0)
    process.kill(process.pid, signal)
  })
}
