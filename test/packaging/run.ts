/**
 * What a user gets: packs the package, installs the tarball in an empty folder with exactly the locked versions, and
 * runs the CLI and the examples there. Ends with 1 at the first thing that is wrong.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { lockForTarball, type Lockfile, type Packed } from './lock.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
// The Node that runs this also runs the CLI, whatever the system has.
const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter)
const WINDOWS = process.platform === 'win32'
const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string }

function fail(message: string): never {
  console.error(`packaging: ${message}`)
  process.exit(1)
}

/** Output of a command; the command's own words and an end with 1 if it fails. */
function run(cwd: string, command: string, args: readonly string[]): string {
  try {
    return execFileSync(command, [...args], {
      cwd,
      env: { ...process.env, PATH },
      encoding: 'utf8',
      shell: WINDOWS,
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 64 * 1024 * 1024,
    })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string }
    return fail(`${command} ${args.join(' ')} failed\n${stdout}${stderr}`)
  }
}

function pack(folder: string): Packed {
  const output = run(ROOT, 'npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder])
  const parsed = JSON.parse(output) as readonly Packed[] | Readonly<Record<string, Packed>>
  return Object.values(parsed)[0] ?? fail(`npm pack said nothing: ${output}`)
}

/** The files a user needs are there, and nothing of the workshop floor is. */
function judgeFiles(paths: readonly string[]): void {
  const needed = [
    'bin/atelier.js',
    'dist/index.js',
    'dist/index.d.ts',
    'dist/testing/index.js',
    'dist/cli/main.js',
    'schemas/workflow.schema.json',
    // Started as a program of its own, which no import shows.
    'dist/processes/guard-main.js',
  ]
  const missing = [...needed, 'README.md', 'LICENSE'].filter((path) => !paths.includes(path))
  if (missing.length > 0) fail(`the tarball lacks ${missing.join(', ')}`)
  for (const folder of ['docs/', 'sample/'])
    if (!paths.some((path) => path.startsWith(folder))) fail(`the tarball has nothing in ${folder}`)
  const stray = paths.filter((path) => /^(?:src|test|bench|chaos|\.ci)\/|^dist\/.*\.test\./.test(path))
  if (stray.length > 0) fail(`the tarball must not have ${stray.join(', ')}`)
}

/** From the cache of `npm ci` if it is there, without asking the registry; else over the network. */
function install(folder: string, packed: Packed): void {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile
  const manifest = {
    name: 'empty',
    version: '0.0.0',
    private: true,
    type: 'module',
    dependencies: { atelier: `file:${packed.filename}` },
  }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockForTarball(lock, packed)))
  run(folder, 'npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'])
}

function judgeCli(folder: string): void {
  const cli = join(folder, 'node_modules', '.bin', WINDOWS ? 'atelier.cmd' : 'atelier')
  const said = run(folder, cli, ['--version']).trim()
  if (said !== version) fail(`atelier --version says ${JSON.stringify(said)}, package.json says ${version}`)
  if (!run(folder, cli, ['--help']).includes('Usage  atelier')) fail('atelier --help shows no usage')
}

/** Every example names on its first line what it prints at the end: `// prints: …`. */
function judgeExamples(folder: string): number {
  const examples = globSync('examples/*.ts', { cwd: ROOT })
  for (const example of examples) {
    const project = mkdtempSync(join(folder, 'project-'))
    run(project, 'git', ['init', '--quiet'])
    cpSync(join(ROOT, example), join(project, 'example.ts'))
    writeFileSync(join(project, 'package.json'), '{"type":"module"}')
    const expected = /^\/\/ prints: (.+)$/m.exec(readFileSync(join(ROOT, example), 'utf8'))?.[1]
    if (expected === undefined) fail(`${example} does not say what it prints`)
    const output = run(project, process.execPath, ['example.ts'])
    if (!output.includes(expected)) fail(`${example} should print ${expected} and printed\n${output}`)
  }
  return examples.length
}

function step(name: string, work: () => string | void): void {
  const told = work() ?? 'ok'
  console.log(`packaging: ${name}: ${told}`)
}

if (!existsSync(join(ROOT, 'dist', 'index.js'))) fail('dist is missing; run npm run build first')
const folder = mkdtempSync(join(tmpdir(), 'atelier-package-'))
try {
  const packed = pack(folder)
  step('files', () => {
    judgeFiles(packed.files.map(({ path }) => path))
    return `${packed.files.length} files, ${Math.round(packed.size / 1024)} KB`
  })
  step('install', () => install(folder, packed))
  step('cli', () => judgeCli(folder))
  step('examples', () => `${judgeExamples(folder) || fail('there are no examples')} ran`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
