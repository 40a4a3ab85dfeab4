/** Looks for the coding agents of this machine. */
import { dirname, join } from 'node:path'
import { findClaude } from '../agent-backends/claude/executable.ts'
import { isTrusted } from '../loading/trust.ts'
import { findExecutable } from '../processes/executable.ts'
import type { Clock } from '../time/clock.ts'
import { type Check, type Environment, ok, quoted, warn } from './check.ts'
import { KNOWN_AGENTS, loginOf, type KnownAgent } from './known-agents.ts'
import { ask, PROBE_LIMIT_MS } from './probe.ts'

export interface AgentsQuestion {
  /** The project folder: its `node_modules/.bin` is looked into as well. */
  readonly dir: string
  readonly env: Environment
  readonly clock: Clock
}

/** One check of them all, and one for each agent that is there. Versions are asked at the same time. */
export async function checkAgents(question: AgentsQuestion): Promise<readonly Check[]> {
  const found: { readonly agent: KnownAgent; readonly path: string }[] = []
  for (const agent of KNOWN_AGENTS) {
    const path = pathOf(agent.name, question)
    if (path !== undefined) found.push({ agent, path })
  }
  const each = found.map(({ agent, path }) => checkAgent(agent, path, question))
  return [overall(found.map(({ agent }) => agent)), ...(await Promise.all(each))]
}

function overall(found: readonly KnownAgent[]): Check {
  const missing = KNOWN_AGENTS.filter((agent) => !found.includes(agent))
  const names = (agents: readonly KnownAgent[]): string => agents.map(({ name }) => name).join(', ')
  if (found.length === 0) {
    const installs = missing.map((agent) => `\`${install(agent)}\``)
    return warn(
      'agents',
      `none of ${names(missing)} is on PATH or in node_modules/.bin`,
      `Install one: ${installs.join(' or ')}`,
    )
  }
  return ok('agents', `${names(found)}${missing.length === 0 ? '' : `; not here: ${names(missing)}`}`)
}

async function checkAgent(agent: KnownAgent, path: string, question: AgentsQuestion): Promise<Check> {
  const { name } = agent
  const { dir, env, clock } = question
  if (isOfProject(path, dir) && !isTrusted(dir, env))
    return warn(
      name,
      `${path}, which was not run: the folder is not trusted`,
      'Look what it is, then run `atelier trust`',
    )
  const program = name === 'claude' ? findClaude({ executable: path }) : { ok: true as const, path }
  if (!program.ok) return warn(name, program.why, `Run \`${install(agent)}\``)
  const answer = await ask({ file: program.path, args: ['--version'], cwd: '/', env, clock })
  const again = `Try \`${quoted(path)} --version\`; if it fails there too, run \`${install(agent)}\``
  if (answer.state === 'late')
    return warn(name, `${path} did not tell its version within ${PROBE_LIMIT_MS / 1000} s`, again)
  if (answer.state === 'not started') return warn(name, answer.why, again)
  const version = /\d+\.\d+\.\d+/u.exec(answer.out)?.[0]
  if (answer.code !== 0 || version === undefined)
    return warn(
      name,
      `${path} --version does not tell a version (exit status ${answer.code ?? 'none'})`,
      again,
    )
  const update = agent.tooOld?.(version, path)
  if (update !== undefined) return warn(name, `${path} is version ${version}, which is too old`, update)
  const login = loginOf(agent, env)
  const text = `${version} at ${path}; ${login.found}`
  return login.state === 'no'
    ? warn(name, text, `Run \`${agent.login}\`, or set ${agent.keys.join(' or ')}`)
    : ok(name, text)
}

/** On PATH, then where Atelier itself is installed, then in the project. */
function pathOf(name: string, { dir, env }: AgentsQuestion): string | undefined {
  const folders = [...upwards(import.meta.dirname), dir]
  return [
    findExecutable(name, env['PATH'] ?? ''),
    ...folders.map((folder) => findExecutable(join(folder, 'node_modules', '.bin', name))),
  ].find((path) => path !== undefined)
}

/** What a repository brings with it runs only where its user trusts it. */
function isOfProject(path: string, dir: string): boolean {
  return path.startsWith(join(dir, 'node_modules', '/')) && !import.meta.dirname.startsWith(join(dir, '/'))
}

function upwards(from: string): string[] {
  const folders = [from]
  for (let folder = from; dirname(folder) !== folder; folder = dirname(folder)) folders.push(dirname(folder))
  return folders
}

function install({ npm }: KnownAgent): string {
  return `npm install -g ${npm}@latest`
}
