/**
 * Writes `docs/reference` from the tables of the product: operations, commands, error codes, events.
 * Run it after a change of one of them: `node scripts/reference.ts`. A test compares.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GLOBAL_PARAMS, placeOf } from '../src/cli/arguments.ts'
import { CLI_COMMANDS } from '../src/cli/cli-commands.ts'
import type { Command } from '../src/cli/command.ts'
import { describe, flagLabel, usageOf } from '../src/cli/help.ts'
import { ERROR_CODES } from '../src/errors.ts'
import { EVENT_VERSIONS } from '../src/events.ts'
import { commandName, libraryName } from '../src/operations/names.ts'
import type { Operation, OperationGroup } from '../src/operations/operation.ts'
import { GROUP_TITLES, OPERATIONS } from '../src/operations/table.ts'

const FOLDER = fileURLToPath(new URL('../docs/reference/', import.meta.url))
const NOTICE = '<!-- Made by scripts/reference.ts; a change here is lost. -->\n'

/** Every page by its file name. */
export function referencePages(): ReadonlyMap<string, string> {
  const groups = Object.entries(GROUP_TITLES) as [OperationGroup, string][]
  return new Map([
    ['index.md', indexPage(groups)],
    ['this-folder.md', commandsPage('This folder', CLI_COMMANDS)],
    ...groups.map(([group, title]): [string, string] => [
      fileOf(group),
      commandsPage(
        title,
        OPERATIONS.filter((operation) => operation.group === group),
      ),
    ]),
    ['errors.md', errorsPage()],
    ['events.md', eventsPage()],
  ])
}

function fileOf(group: OperationGroup): string {
  return `${group}.md`
}

function indexPage(groups: readonly (readonly [OperationGroup, string])[]): string {
  const operationRow = (operation: Operation): string[] => [
    `[\`atelier ${commandName(operation)}\`](${fileOf(operation.group)}#${commandName(operation).replace(' ', '-')})`,
    `\`shop.${libraryName(operation.name)}\``,
    operation.rights,
    operation.summary,
  ]
  const sections = groups.map(
    ([group, title]) =>
      `## ${title}\n\n${table(
        ['CLI', 'Library', 'Rights', 'What for'],
        OPERATIONS.filter((operation) => operation.group === group).map(operationRow),
      )}`,
  )
  const own = table(
    ['CLI', 'What for'],
    CLI_COMMANDS.map(({ name, summary }) => [`[\`atelier ${name}\`](this-folder.md#${name})`, summary]),
  )
  const globals = table(
    ['Flag', 'What for'],
    GLOBAL_PARAMS.map((param) => [`\`${flagLabel(param)}\``, describe(param)]),
  )
  return [
    `# Reference\n\n${NOTICE}`,
    'One verb is the same word everywhere: `await-all` on the command line is `awaitAll` in the library.',
    `Rights: \`read\` changes nothing, \`operate\` does. See also the [errors](errors.md) and the [events](events.md).\n`,
    `## This folder\n\n${own}`,
    ...sections,
    `## Flags of every command\n\n${globals}`,
  ].join('\n')
}

function commandsPage(title: string, commands: readonly Command[]): string {
  return [`# ${title}\n\n${NOTICE}`, ...commands.map(commandSection)].join('\n')
}

function commandSection(command: Command): string {
  const params = command.params.map((param) => [
    `\`${param.positional === true ? `<${placeOf(param)}>` : flagLabel(param)}\``,
    ...('rights' in command ? [param.only === 'cli' ? '' : `\`${param.name}\``, param.type] : [param.type]),
    param.required === true ? 'yes' : '',
    describe(param),
  ])
  const titles =
    'rights' in command
      ? ['CLI', 'Input', 'Type', 'Required', 'What for']
      : ['CLI', 'Type', 'Required', 'What for']
  const library = 'library' in command ? [`\`\`\`ts\n${command.library}\n\`\`\`\n`] : []
  return [
    `## ${commandName(command)}\n\n${command.summary}.${command.details === undefined ? '' : ` ${command.details}`}\n`,
    `\`\`\`sh\n${usageOf(command)}\n\`\`\`\n`,
    ...(params.length === 0 ? [] : [table(titles, params)]),
    `\`\`\`sh\n${command.examples.join('\n')}\n\`\`\`\n`,
    ...library,
  ].join('\n')
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, { exit, http }]) => [
    `\`${code}\``,
    String(exit),
    String(http),
  ])
  return `# Errors

${NOTICE}
Every refused or broken call has a code. The library throws an \`AtelierError\` with \`code\`, \`message\` and \`details\`;
the CLI prints message and code to standard error and ends with the exit status of the code, and with \`--json\` it
prints \`{"error": {"code", "message", "details"}}\` to standard output as well.

Exit statuses: 0 ok, 1 error, 2 usage, 3 stopped or incomplete, 4 budget exceeded, 130 interrupted.

${table(['Code', 'Exit status', 'HTTP status'], rows)}`
}

function eventsPage(): string {
  const rows = Object.entries(EVENT_VERSIONS).map(([type, version]) => [`\`${type}\``, String(version)])
  return `# Events

${NOTICE}
The log holds one event for each decision, in the order of their commit: \`seq\` rises and may have gaps, \`at\` is in ms
since the Unix epoch, \`actor\` and \`via\` say who and through which surface. \`data\` depends on the type and is described
in \`src/events.ts\`. \`atelier events\` shows the last ones, \`atelier watch\` follows them.

${table(['Type', 'Version'], rows)}`
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |\n`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('')
}

function write(): void {
  const pages = referencePages()
  mkdirSync(FOLDER, { recursive: true })
  for (const name of readdirSync(FOLDER)) if (!pages.has(name)) rmSync(`${FOLDER}${name}`)
  for (const [name, text] of pages) writeFileSync(`${FOLDER}${name}`, text)
}

if (process.argv[1] === import.meta.filename) write()
