import { readdir, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { accessSync, constants } from 'node:fs'
import { AtelierError, messageOf } from '../../errors.ts'
import { makeStateFolder, stateFolder } from '../../folders.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { note, openOptions, printJson, type Session } from '../session.ts'
import { codeTemplate, yamlTemplate } from './init-templates.ts'

interface InitInput {
  readonly ts?: boolean
}

/** Agents that the templates name an example for. */
const KNOWN_AGENTS = ['claude', 'codex']

/** `atelier init`: what is there already stays as it is. */
export async function runInit({ ts = false }: InitInput, session: Session): Promise<ExitStatus> {
  const { dir } = session
  try {
    makeStateFolder(stateFolder(dir))
    const existing = (await readdir(dir)).find((name) => name.startsWith('atelier.config.'))
    const config = existing ?? (ts ? 'atelier.config.ts' : 'atelier.config.yaml')
    if (existing === undefined)
      await writeNew(join(dir, config), ts ? codeTemplate(canImport(dir)) : yamlTemplate())
    await session.open.trust(dir)
    const agents = await firstOpening(session)
    const found = KNOWN_AGENTS.filter((name) => isOnPath(name, session.terminal.env))
    if (session.globals.json === true)
      printJson(session, { dir, config, written: existing === undefined, agents, found })
    else tell(session, { config, written: existing === undefined, agents, found })
    return EXIT_OK
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw new AtelierError('store_unwritable', `${dir} could not be set up: ${messageOf(error)}.`, {
      details: { dir },
      cause: error,
    })
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Opens the workshop once: an error in the configuration shows now, and the team is there. */
async function firstOpening(session: Session): Promise<readonly string[]> {
  const shop = await session.open.workshop({ ...openOptions(session), host: 'none' })
  try {
    return await shop.agents()
  } finally {
    await shop.close()
  }
}

/** True if a configuration in this folder can import the package `atelier`. */
function canImport(dir: string): boolean {
  try {
    createRequire(join(dir, 'atelier.config.ts')).resolve('atelier/package.json')
    return true
  } catch {
    return false
  }
}

function isOnPath(program: string, env: NodeJS.ProcessEnv): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}

interface Outcome {
  readonly config: string
  readonly written: boolean
  readonly agents: readonly string[]
  readonly found: readonly string[]
}

function tell(session: Session, { config, written, agents, found }: Outcome): void {
  const [first = 'NAME'] = agents
  note(
    session,
    written ? `Wrote ${config} and trusted ${session.dir}.` : `Kept ${config} and trusted ${session.dir}.`,
  )
  note(session, agents.length === 0 ? 'The team is empty.' : `The team: ${agents.join(', ')}.`)
  const example = found.length > 0 ? `; for ${found.join(' and ')}, found on PATH, it has an example` : ''
  note(
    session,
    [
      '',
      'Next:',
      `  atelier ask ${first} 'What would you do first?'`,
      ...(written
        ? [`  ${config} names a stand-in that repeats its prompt: put your agent there${example}.`]
        : []),
      '  atelier --help shows all verbs.',
    ].join('\n'),
  )
}
