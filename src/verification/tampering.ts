/**
 * Says where an attempt changed what its own verification runs: a green result means less then, and a reviewer
 * should look. It is a flag and no refusal, since such a change may be the very work that was asked for.
 *
 * Flagged are, for a command:
 * - a file that the command names, as it is or by its path from the top (`sh scripts/check.sh`);
 * - where it runs a script of a package manager: the scripts and test settings in a `package.json`, or all of
 *   that file if its texts are not known;
 * - configuration of a tool that the command names; behind a package manager or `make`, of any known tool;
 * - a test that was changed or deleted. One that was added is what is hoped for.
 */
import type { Command } from '../processes/command.ts'

/** A file that the attempt changed. */
export interface TouchedFile {
  /** From the top of the repository, with `/`. */
  readonly path: string
  readonly change: 'added' | 'modified' | 'deleted'
  /** The texts before and after, where they are known: they make a `package.json` precise. */
  readonly before?: string
  readonly after?: string
}

export interface Tampering {
  readonly path: string
  readonly kind: 'named' | 'script' | 'config' | 'test'
  /** The command that runs it, as it is configured. */
  readonly command: Command
}

/** Programs that run something else, which a file of the project names. */
const RUNNERS = new Set([
  'npm',
  'npx',
  'pnpm',
  'pnpx',
  'yarn',
  'bun',
  'bunx',
  'deno',
  'make',
  'gmake',
  'just',
  'task',
  'tox',
  'nox',
])
const PACKAGE_RUNNERS = new Set(['npm', 'npx', 'pnpm', 'pnpx', 'yarn', 'bun', 'bunx'])
/** Members of a `package.json` that decide what a script or a test tool does. */
const PACKAGE_MEMBERS = ['scripts', 'jest', 'vitest', 'mocha', 'ava', 'c8', 'nyc', 'eslintConfig', 'config']

/** Files that tell a tool what to do, by the tool. */
const CONFIGS: readonly (readonly [tools: readonly string[], file: RegExp])[] = [
  [['vitest', 'vite'], /^(?:vite|vitest)\.(?:config|workspace)\.[cm]?[jt]s$/u],
  [['jest'], /^jest\.(?:config|setup)\.(?:[cm]?[jt]s|json)$/u],
  [['mocha'], /^\.mocharc\.(?:[cm]?js|json|jsonc|ya?ml)$/u],
  [['ava'], /^ava\.config\.[cm]?js$/u],
  [['playwright'], /^playwright\.config\.[cm]?[jt]s$/u],
  [['cypress'], /^cypress\.config\.[cm]?[jt]s$/u],
  [['tsc'], /^tsconfig(?:\..+)?\.json$/u],
  [['eslint'], /^(?:eslint\.config\.[cm]?[jt]s|\.eslintrc(?:\..+)?)$/u],
  [['biome'], /^biome\.jsonc?$/u],
  [['oxlint'], /^\.oxlintrc\.json$/u],
  [
    ['pytest', 'tox', 'nox', 'python', 'python3', 'uv', 'mypy', 'ruff'],
    /^(?:pytest\.ini|pyproject\.toml|tox\.ini|noxfile\.py|setup\.cfg|conftest\.py|mypy\.ini|ruff\.toml)$/u,
  ],
  [['cargo'], /^(?:Cargo\.toml|build\.rs|clippy\.toml)$/u],
  [['go', 'golangci-lint'], /^(?:go\.mod|\.golangci\.(?:ya?ml|toml|json))$/u],
  [['mvn', 'mvnw'], /^pom\.xml$/u],
  [['gradle', 'gradlew'], /^(?:build|settings)\.gradle(?:\.kts)?$/u],
  [['make', 'gmake'], /^(?:GNUm|M|m)akefile$/u],
  [['just'], /^\.?[Jj]ustfile$/u],
  [['task'], /^Taskfile\.ya?ml$/u],
  [['rake', 'rspec', 'bundle'], /^(?:Rakefile|Gemfile|\.rspec)$/u],
  [['phpunit', 'composer', 'php'], /^(?:phpunit\.xml(?:\.dist)?|composer\.json)$/u],
  [['cmake', 'ctest'], /^CMakeLists\.txt$/u],
  [['deno'], /^deno\.jsonc?$/u],
]

const TEST_FOLDER = /(?:^|\/)(?:tests?|specs?|__tests__|e2e)\//u
const TEST_FILE =
  /(?:[._-](?:test|spec)\.[^/]+|(?:^|\/)test_[^/]+\.py|_test\.(?:go|py|rb|dart)|(?:Test|Tests|Spec)\.(?:java|kt|cs|scala|php|swift))$/u

/** Where the attempt changed what its verify commands run, in the order of commands and files. */
export function findTampering(
  commands: readonly Command[],
  files: readonly TouchedFile[],
): readonly Tampering[] {
  return commands.flatMap((command) => {
    const words = wordsOf(command)
    return files.flatMap((file) => {
      const kind = kindOf(words, file)
      return kind === undefined ? [] : [{ path: file.path, kind, command }]
    })
  })
}

function kindOf(words: readonly string[], file: TouchedFile): Tampering['kind'] | undefined {
  if (words.some((word) => names(word, file.path))) return 'named'
  const name = file.path.slice(file.path.lastIndexOf('/') + 1)
  if (name === 'package.json') return runsPackages(words) && changesScripts(file) ? 'script' : undefined
  if (configures(words, name)) return 'config'
  const isTest = TEST_FILE.test(file.path) || TEST_FOLDER.test(file.path)
  return isTest && file.change !== 'added' ? 'test' : undefined
}

/** The words of a command; of a shell text what stands between blanks, quotes and operators. */
function wordsOf(command: Command): readonly string[] {
  const texts = typeof command === 'string' ? [command] : command
  return texts.flatMap((text) => text.split(/[\s'"`;&|()<>{}$=]+/u)).filter((word) => word !== '')
}

/** `./a/b.sh` and `a/b.sh` name the file `a/b.sh`; a folder names what is in it. */
function names(word: string, path: string): boolean {
  const plain = word.replace(/^(?:\.\/)+/u, '').replace(/\/+$/u, '')
  if (!/[./]/u.test(plain) || plain === '.' || plain === '..') return false
  return path === plain || path.startsWith(`${plain}/`)
}

/** The program that a word stands for, without its folder. */
function programOf(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1)
}

function runsPackages(words: readonly string[]): boolean {
  return words.some((word) => PACKAGE_RUNNERS.has(programOf(word)))
}

function configures(words: readonly string[], name: string): boolean {
  const programs = new Set(words.map(programOf))
  const runsAnything = words.some((word) => RUNNERS.has(programOf(word)))
  return CONFIGS.some(
    ([tools, file]) => file.test(name) && (runsAnything || tools.some((tool) => programs.has(tool))),
  )
}

function changesScripts({ before, after }: TouchedFile): boolean {
  const [old, now] = [packageMembers(before), packageMembers(after)]
  return old === undefined || now === undefined || old !== now
}

/** What counts of a package file, as one text; undefined where it is not known or cannot be read. */
function packageMembers(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  try {
    const members = JSON.parse(text) as Readonly<Record<string, unknown>> | null
    return JSON.stringify(PACKAGE_MEMBERS.map((name) => members?.[name] ?? null))
  } catch {
    return undefined
  }
}
