/** Every command by its name. */
import { AtelierError, nearestNames } from '../errors.ts'
import { OPERATIONS } from '../operations/table.ts'
import { CLI_COMMANDS } from './cli-commands.ts'
import type { Command } from './command.ts'

export const COMMANDS: readonly Command[] = [...CLI_COMMANDS, ...OPERATIONS]

/** @throws AtelierError `invalid_input` with the verbs most like it */
export function findCommand(verb: string): Command {
  const command = COMMANDS.find(({ name }) => name === verb)
  if (command !== undefined) return command
  const near = nearestNames(
    verb,
    COMMANDS.map(({ name }) => name),
  )
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'All verbs: atelier --help.'
  throw new AtelierError('invalid_input', `There is no verb "${verb}". ${hint}`, { details: { verb, near } })
}
