/** Looks at Node and git. */
import { findExecutable } from '../processes/executable.ts'
import type { Clock } from '../time/clock.ts'
import { type Check, type Environment, fail, ok, quoted, warn } from './check.ts'
import { ask, type Answer } from './probe.ts'

/** As `engines` in package.json says. */
export const OLDEST_NODE = '22.18.0'

export function checkNode(version: string = process.versions.node): Check {
  const found = `${version} at ${process.execPath}`
  if (!isOlder(version, OLDEST_NODE)) return ok('node', found)
  return fail('node', `${found}; Atelier needs ${OLDEST_NODE} or later`, 'Run `npm install -g node@24`')
}

/** Compares versions of three numbers. */
function isOlder(version: string, than: string): boolean {
  const [one, other] = [version, than].map((text) => text.split('.').map(Number))
  for (const [index, part] of (other ?? []).entries()) {
    const own = one?.[index] ?? 0
    if (own !== part) return own < part
  }
  return false
}

export interface GitQuestion {
  readonly dir: string
  readonly env: Environment
  readonly clock: Clock
}

/** Its version; who commits; whether the project is in a repository. */
export async function checkGit({ dir, env, clock }: GitQuestion): Promise<readonly Check[]> {
  const file = findExecutable('git', env['PATH'] ?? '')
  if (file === undefined) {
    const install = process.platform === 'darwin' ? 'xcode-select --install' : 'sudo apt-get install git'
    return [fail('git', 'not on PATH', `Run \`${install}\``)]
  }
  const git = (...args: string[]): Promise<Answer> => ask({ file, args, cwd: dir, env, clock })
  const [version, name, email, inside] = await Promise.all([
    git('--version'),
    git('config', '--get', 'user.name'),
    git('config', '--get', 'user.email'),
    git('rev-parse', '--is-inside-work-tree'),
  ])
  const told = textOf(version)
  if (told === undefined)
    return [fail('git', `${file} --version does not answer`, `See what \`${quoted(file)} --version\` says`)]
  return [
    gitVersion(told.replace(/^git version /u, ''), file),
    identity(textOf(name), textOf(email)),
    repository(dir, inside),
  ]
}

/** Merges are made without a working tree, which git can since 2.38. */
const OLDEST_GIT: readonly [major: number, minor: number] = [2, 38]

function gitVersion(version: string, file: string): Check {
  const [, major, minor] = /^(\d+)\.(\d+)/u.exec(version) ?? []
  const isOld =
    major !== undefined &&
    (Number(major) < OLDEST_GIT[0] || (Number(major) === OLDEST_GIT[0] && Number(minor) < OLDEST_GIT[1]))
  const found = `${version} at ${file}`
  if (!isOld) return ok('git', found)
  const why = `the board merges with git ${OLDEST_GIT.join('.')} or newer; all else works`
  return warn('git', `${found}: ${why}`, 'Install a newer git: https://git-scm.com/downloads')
}

function identity(name: string | undefined, email: string | undefined): Check {
  if (name !== undefined && email !== undefined) return ok('git identity', `${name} <${email}>`)
  const commands = [
    ...(name === undefined ? ["`git config --global user.name 'Your Name'`"] : []),
    ...(email === undefined ? ['`git config --global user.email you@example.com`'] : []),
  ]
  const missing = [name === undefined ? 'user.name' : '', email === undefined ? 'user.email' : '']
  return warn(
    'git identity',
    `${missing.filter((text) => text !== '').join(' and ')} not set: agents cannot commit`,
    `Run ${commands.join(' and ')}`,
  )
}

function repository(dir: string, inside: Answer): Check {
  if (textOf(inside) === 'true') return ok('repository', dir)
  if (inside.state === 'answered' && inside.err.includes('dubious ownership'))
    return warn(
      'repository',
      `git does not read ${dir}: it belongs to another user`,
      `If you trust it, run \`git config --global --add safe.directory ${quoted(dir)}\``,
    )
  return warn('repository', `${dir} is in no git repository`, `Run \`git -C ${quoted(dir)} init\``)
}

/** What a program said that ended well, if it said something. */
function textOf(answer: Answer): string | undefined {
  return answer.state === 'answered' && answer.code === 0 && answer.out !== '' ? answer.out : undefined
}
