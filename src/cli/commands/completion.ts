import { flagOf, GLOBAL_PARAMS } from '../arguments.ts'
import { EXIT_OK, type Command, type ExitStatus } from '../command.ts'
import { allCommands } from '../commands.ts'
import type { Session } from '../session.ts'

type Shell = 'bash' | 'zsh' | 'fish'

/** `atelier completion`. */
export async function runCompletion(
  { shell }: { readonly shell: Shell },
  { terminal }: Session,
): Promise<ExitStatus> {
  terminal.out.write(SCRIPTS[shell](await allCommands()))
  return EXIT_OK
}

const SCRIPTS: Readonly<Record<Shell, (commands: readonly Command[]) => string>> = {
  bash: bashScript,
  zsh: (commands) => `autoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`,
  fish: fishScript,
}

function flagsOf({ params }: Command): string[] {
  return [...params.filter(({ positional }) => positional !== true), ...GLOBAL_PARAMS.slice(0, 3)].map(flagOf)
}

/** Verbs whose words are names of agents. */
function takesAgents({ params }: Command): boolean {
  return params.some(
    ({ name, positional }) => positional === true && ['agent', 'agents', 'from'].includes(name),
  )
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const agents = takesAgents(command) ? ' $(atelier agents 2>/dev/null)' : ''
    return `    ${command.name}) words="${flagsOf(command).join(' ')}${agents}" ;;\n`
  })
  return `_atelier() {
  local words="${commands.map(({ name }) => name).join(' ')}"
  if [ "$COMP_CWORD" -gt 1 ]; then case "\${COMP_WORDS[1]}" in
${cases.join('')}    *) words="" ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _atelier atelier
`
}

function fishScript(commands: readonly Command[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`\'`)}'`
  const lines = commands.flatMap((command) => {
    const used = `-n '__fish_seen_subcommand_from ${command.name}'`
    return [
      `complete -c atelier -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.summary)}`,
      ...flagsOf(command).map((flag) => `complete -c atelier ${used} -l ${flag.slice(2)}`),
      ...(takesAgents(command) ? [`complete -c atelier ${used} -a '(atelier agents 2>/dev/null)'`] : []),
    ]
  })
  return `${lines.join('\n')}\n`
}
