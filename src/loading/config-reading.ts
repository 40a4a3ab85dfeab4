/** Reads one configuration and checks it. Loaded only where there is one: it brings zod, and yaml for data. */
import type { z } from 'zod'
import type { AgentBackend } from '../agent-backend.ts'
import { toProfile } from '../agents/definition-schema.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { isBackendObject } from '../agents/option-schemas.ts'
import { codeOf, detailsOf, problemsOf, sentencesOf } from '../agents/schema-problems.ts'
import { AtelierError, messageOf } from '../errors.ts'
import type { AgentOptions, ConfigureOptions } from '../facade/contract.ts'
import type { LoadedConfig, WorkerConfig, WorktreeConfig } from './config-file.ts'
import { BACKEND_RULE, codeConfigSchema, dataConfigSchema, type ConfigInput } from './config-schema.ts'
import type { WorkflowInput } from '../workflow/input.ts'
import { importModule, positionOfError } from './import-module.ts'
import { readTextFile } from './text-file.ts'
import { parseJson, parseYaml, type Position, type YamlSource } from './yaml-source.ts'

/** Where a configuration comes from: the beginning of every error about it. */
interface Source {
  /** Null: it was passed by a program. */
  readonly file: string | null
  readonly locate: YamlSource['locate']
}

/** Reads JSON or YAML. */
export async function readDataConfig(file: string): Promise<LoadedConfig> {
  const text = await readTextFile(file).catch((thrown: unknown) => {
    throw invalid({ file }, null, `The file cannot be read: ${messageOf(thrown)}.`, thrown)
  })
  const json = file.endsWith('.json')
  const { value, problems, locate } = json ? await parseJson(text) : await parseYaml(text)
  const [broken] = problems
  if (broken === undefined)
    return toConfig({ file, locate }, check(dataConfigSchema, value ?? {}, { file, locate }))
  throw invalid({ file }, broken.at, `This is not valid ${json ? 'JSON' : 'YAML'}: ${broken.message}.`)
}

/** Runs a configuration that is code, and checks what it exports. */
export async function readCodeConfig(file: string): Promise<LoadedConfig> {
  const exported = await importModule(file).catch((thrown: unknown) => {
    throw doesNotLoad(file, thrown)
  })
  const source = { file, locate: () => null }
  if ('default' in exported) return toConfig(source, check(codeConfigSchema, exported['default'], source))
  throw invalid(source, null, 'The file has no default export. Write: export default defineConfig({ … }).')
}

/** Checks what a program passes. */
export async function readInlineConfig(config: unknown): Promise<LoadedConfig> {
  const source = { file: null, locate: () => null }
  return toConfig(source, check(codeConfigSchema, config, source))
}

async function toConfig(source: Source, config: ConfigInput): Promise<LoadedConfig> {
  const {
    profiles = {},
    agents = {},
    workers = {},
    worktrees = {},
    workflows = [],
    backends = [],
    scripted,
    ...defaults
  } = config
  const templates = Object.entries(profiles).map(([name, profile]) => [name, toProfile(profile)] as const)
  return {
    file: source.file,
    // The schema has the same fields; it only allows that one is there and undefined, too.
    configure: defaults as ConfigureOptions,
    profiles: Object.fromEntries(templates),
    agents: agents as Readonly<Record<string, AgentOptions>>,
    workers: workers as Readonly<Record<string, WorkerConfig>>,
    worktrees: worktrees as WorktreeConfig,
    workflows: workflows as readonly WorkflowInput[],
    backends: await makeBackends(source, backends),
    ...(scripted === undefined ? {} : { scripted }),
  }
}

/** @throws AtelierError with every problem on a line of its own, in the form that editors make a link of */
function check<T>(schema: z.ZodType<T>, value: unknown, source: Source): T {
  // A Map or a class instance would pass for an object without fields.
  const parsed = schema.safeParse(isPlainObject(value) ? value : null)
  if (parsed.success) return parsed.data
  const problems = problemsOf(parsed.error.issues, value)
    .map((problem) => ({ problem, at: source.locate(problem.path) }))
    .toSorted((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0))
  const sentences = problems.map(({ problem, at }) => ({
    sentence: `${place(source, at)}: ${problem.sentence}`,
  }))
  const details = problems.map(({ problem, at }) => ({ file: source.file, ...at, ...detailsOf(problem) }))
  const code = codeOf(
    problems.map(({ problem }) => problem),
    'invalid_config',
  )
  throw new AtelierError(code, sentencesOf(sentences).join('\n'), { details: details[0] ?? {} })
}

async function makeBackends(source: Source, given: readonly unknown[]): Promise<readonly AgentBackend[]> {
  const backends: AgentBackend[] = []
  for (const [index, entry] of given.entries()) {
    const backend =
      typeof entry === 'function' ? await makeBackend(source, index, entry as () => unknown) : entry
    // That the members are there was checked; that they are of the seam's types is the promise of who wrote them.
    backends.push(backend as AgentBackend)
  }
  const twice = backends.find(({ id }, index) => backends.findIndex((other) => other.id === id) !== index)
  if (twice === undefined) return backends
  throw invalid(source, null, `backends has two with the id "${twice.id}"; each needs an id of its own.`)
}

async function makeBackend(source: Source, index: number, make: () => unknown): Promise<unknown> {
  const made = await Promise.resolve()
    .then(make)
    .catch((thrown: unknown) => {
      throw invalid(source, null, `backends[${index}] could not be made: ${messageOf(thrown)}.`, thrown)
    })
  if (isBackendObject(made)) return made
  throw invalid(
    source,
    null,
    `What the function backends[${index}] returned is no backend; it must be ${BACKEND_RULE}.`,
  )
}

function doesNotLoad(file: string, thrown: unknown): AtelierError {
  const at = positionOfError(thrown, file)
  const elsewhere = at?.file === undefined ? '' : ` (${at.file}:${at.line})`
  const here = at?.file === undefined ? at : null
  const why = messageOf(thrown).split('\n')[0]
  return invalid(
    { file },
    here,
    `The file does not load: ${why}${elsewhere}.${adviceOn(thrown, file, at !== null)}`,
    thrown,
  )
}

function adviceOn(thrown: unknown, file: string, located: boolean): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return ' Node only strips types: write it without enums and namespaces.'
  if (thrown instanceof SyntaxError && !located)
    return ` The command node --check ${JSON.stringify(file)} shows the line.`
  return ''
}

function invalid(
  source: Pick<Source, 'file'>,
  at: Partial<Position> | null,
  message: string,
  cause?: unknown,
): AtelierError {
  const details = { file: source.file, ...at }
  return new AtelierError('invalid_config', `${place(source, at)}: ${message}`, { details, cause })
}

function place({ file }: Pick<Source, 'file'>, at: Partial<Position> | null): string {
  return [file ?? 'config', at?.line, at?.column].filter((part) => part !== undefined).join(':')
}
