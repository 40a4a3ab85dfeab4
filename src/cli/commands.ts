/** Every command, and how one of them is found without loading the others. */
import { AtelierError, nearestNames } from '../errors.ts'
import { findOperation } from '../operations/find.ts'
import type { Command } from './command.ts'

export async function allCommands(): Promise<readonly Command[]> {
  const [{ CLI_COMMANDS }, { OPERATIONS }] = await Promise.all([
    import('./cli-commands.ts'),
    import('../operations/table.ts'),
  ])
  return [...CLI_COMMANDS, ...OPERATIONS]
}

/** @throws AtelierError `invalid_input` with the verbs most like it */
export async function findCommand(verb: string): Promise<Command> {
  const command = (await findOperation(verb)) ?? (await findCliCommand(verb))
  if (command !== undefined) return command
  const names = (await allCommands()).map(({ name }) => name)
  const near = nearestNames(verb, names)
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'All verbs: atelier --help.'
  throw new AtelierError('invalid_input', `There is no verb "${verb}". ${hint}`, { details: { verb, near } })
}

async function findCliCommand(verb: string): Promise<Command | undefined> {
  const { CLI_COMMANDS } = await import('./cli-commands.ts')
  return CLI_COMMANDS.find(({ name }) => name === verb)
}
