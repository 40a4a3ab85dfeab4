// `npm install` records only the platform packages that the registry it asked could give it (npm/cli#4828), and
// `npm ci` then refuses the lockfile. This adds the missing ones with version and platform. With --check it only
// says whether any is missing. Run it after every `npm install` that changes package-lock.json.
import { readFileSync, writeFileSync } from 'node:fs'

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const PROCESSORS = [
  'arm64',
  'arm',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'x64',
  'wasm32',
]

/** Platform fields as the package itself would name them, read from its name: `@oxlint/binding-linux-x64-musl`. */
function platformOf(name) {
  const words = name.split(/[-/]/)
  const os = SYSTEMS.filter((one) => words.includes(one))
  const cpu = PROCESSORS.filter((one) => words.includes(one))
  const musl = words.some((word) => word.startsWith('musl'))
  const glibc = words.some((word) => word.startsWith('gnu'))
  const libc = os.includes('linux') && (musl || glibc) ? [musl ? 'musl' : 'glibc'] : []
  return { ...(cpu.length > 0 && { cpu }), ...(os.length > 0 && { os }), ...(libc.length > 0 && { libc }) }
}

/** Where `name` is found from a package at `path`, as Node looks for it: nearest first. */
function isLocked(packages, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`]) return true
    if (folder === '') return false
  }
}

const file = new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))
const missing = {}
for (const [path, { dev, optionalDependencies = {} }] of Object.entries(lock.packages))
  for (const [name, version] of Object.entries(optionalDependencies))
    if (!isLocked(lock.packages, path, name))
      missing[`node_modules/${name}`] = { version, ...(dev && { dev }), optional: true, ...platformOf(name) }

const names = Object.keys(missing)
console.log(`${Object.keys(lock.packages).length} packages locked, ${names.length} platform packages missing`)
if (names.length > 0 && process.argv.includes('--check')) {
  console.log(names.join('\n'))
  process.exitCode = 1
} else if (names.length > 0) {
  const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`)
}
