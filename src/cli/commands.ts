/** Every command, and how one of them is found without loading the others. */
import { AtelierError, nearestNames } from '../errors.ts'
import { findByCommand, findOperation, NOUNS } from '../operations/find.ts'
import { wordsOf, type Command } from './command.ts'

export async function allCommands(): Promise<readonly Command[]> {
  const [{ CLI_COMMANDS }, { OPERATIONS }] = await Promise.all([
    import('./cli-commands.ts'),
    import('../operations/table.ts'),
  ])
  return [...CLI_COMMANDS, ...OPERATIONS]
}

/** @throws AtelierError `invalid_input` with the verbs most like it */
export async function findCommand(verb: string): Promise<Command> {
  const command = (await findByCommand(verb)) ?? (await findCliCommand(verb))
  if (command !== undefined) return command
  const near = await commandsLike(verb)
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : 'All verbs: atelier --help.'
  throw new AtelierError('invalid_input', `There is no verb "${verb}". ${hint}`, { details: { verb, near } })
}

/** The commands of a noun: `work add` and its like. */
export async function commandsOf(noun: string): Promise<readonly Command[]> {
  return (await allCommands()).filter((command) => wordsOf(command).startsWith(`${noun} `))
}

/** The verb of another surface is written otherwise here. */
async function commandsLike(verb: string): Promise<string[]> {
  const operation = await findOperation(verb)
  if (operation !== undefined) return [wordsOf(operation)]
  const noun = verb.split(' ')[0] as string
  const commands = NOUNS.has(noun) ? await commandsOf(noun) : await allCommands()
  return nearestNames(verb, commands.map(wordsOf))
}

async function findCliCommand(verb: string): Promise<Command | undefined> {
  const { CLI_COMMANDS } = await import('./cli-commands.ts')
  return CLI_COMMANDS.find(({ name }) => name === verb)
}
