import { flagOf, GLOBAL_PARAMS } from '../arguments.ts'
import { NOUNS } from '../../operations/find.ts'
import { EXIT_OK, wordsOf, type Command, type ExitStatus } from '../command.ts'
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

const AGENTS = 'atelier agents 2>/dev/null'
/** The first column of the list, without its title. */
const WORKFLOWS = 'atelier workflow list 2>/dev/null | tail -n +2 | cut -d " " -f 1'

/** The command line that lists the names which a command takes in its first place; null where it takes none. */
function namesFor(command: Command): string | null {
  if (takesAgents(command)) return AGENTS
  const takesWorkflows = command.group === 'workflows' && command.params[0]?.positional === true
  return takesWorkflows ? WORKFLOWS : null
}

/** What a noun is about. */
const NOUN_TITLES: Readonly<Record<string, string>> = {
  work: 'The work board',
  workflow: 'Workflows and their runs',
}

function firstWords(commands: readonly Command[]): string[] {
  return [...new Set(commands.map((command) => wordsOf(command).split(' ')[0] as string))]
}

/** What comes after a noun. */
function secondWords(commands: readonly Command[], noun: string): string[] {
  return commands.flatMap((command) => {
    const [first, second] = wordsOf(command).split(' ')
    return first === noun && second !== undefined ? [second] : []
  })
}

function bashScript(commands: readonly Command[]): string {
  const cases = commands.map((command) => {
    const names = namesFor(command)
    const listed = names === null ? '' : ` $(${names.replaceAll('"', "'")})`
    return `    "${wordsOf(command)}") words="${flagsOf(command).join(' ')}${listed}" ;;\n`
  })
  const nouns = [...NOUNS].map(
    (noun) => `    "${noun}") words="${secondWords(commands, noun).join(' ')}" ;;\n`,
  )
  return `_atelier() {
  local verb="\${COMP_WORDS[1]}" depth=1
  local words="${firstWords(commands).join(' ')}"
  case " ${[...NOUNS].join(' ')} " in *" $verb "*)
    depth=2
    [ "$COMP_CWORD" -gt 2 ] && verb="$verb \${COMP_WORDS[2]}" ;;
  esac
  if [ "$COMP_CWORD" -gt "$depth" ] || [ "$COMP_CWORD" -eq 2 ]; then case "$verb" in
${nouns.join('')}${cases.join('')}    *) words="" ;;
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _atelier atelier
`
}

function fishScript(commands: readonly Command[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`\'`)}'`
  const lines = commands.flatMap((command) => {
    const [first, second] = wordsOf(command).split(' ')
    const names = namesFor(command)
    const inNoun = `-n '__fish_seen_subcommand_from ${first}'`
    const used =
      second === undefined
        ? inNoun
        : `-n '__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}'`
    const word =
      second === undefined ? `-n __fish_use_subcommand -f -a ${first}` : `${inNoun} -f -a ${second}`
    return [
      `complete -c atelier ${word} -d ${quoted(command.summary)}`,
      ...flagsOf(command).map((flag) => `complete -c atelier ${used} -l ${flag.slice(2)}`),
      ...(names === null ? [] : [`complete -c atelier ${used} -a '(${names})'`]),
    ]
  })
  const nouns = [...NOUNS].map(
    (noun) =>
      `complete -c atelier -n __fish_use_subcommand -f -a ${noun} -d ${quoted(NOUN_TITLES[noun] ?? noun)}`,
  )
  return `${[...nouns, ...lines].join('\n')}\n`
}
