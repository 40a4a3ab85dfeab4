/** Every command, and how one of them is found. */
import { AtelierError, nearestNames } from '../errors.ts'
import { findOperation } from '../operations/find.ts'
import { CLI_COMMANDS } from './cli-commands.ts'
import type { Command } from './command.ts'

/** All of them; what only runs one of them has no need to load the others. */
export async function allCommands(): Promise<readonly Command[]> {
  const { OPERATIONS } = await import('../operations/table.ts')
  return [...CLI_COMMANDS, ...OPERATIONS]
}

/** @throws AtelierError `invalid_input` with the verbs most like it */
export async function findCommand(verb: string): Promise<Command> {
  const command = CLI_COMMANDS.find(({ name }) => name === verb) ?? (await findOperation(verb))
  if (command !== undefined) return command
  const names = (await allCommands()).map(({ name }) => name)
  const near = nearestNames(verb, names)
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'All verbs: atelier --help.'
  throw new AtelierError('invalid_input', `There is no verb "${verb}". ${hint}`, { details: { verb, near } })
}
