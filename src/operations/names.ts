/** One name per verb and per param; the spelling of each surface follows from it. */

/** `await-all` as the library spells it: `awaitAll`. */
export type LibraryName<Kebab extends string> = Kebab extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<LibraryName<Tail>>}`
  : Kebab

/** The member of a workshop: `await-all` is `awaitAll`. */
export function libraryName(kebab: string): string {
  return kebab.replaceAll(/-([a-z])/gu, (_dash, letter: string) => letter.toUpperCase())
}

/** The words of a command line: `work-from-result` may be `work from-result` there. */
export function commandName({
  name,
  command = name,
}: {
  readonly name: string
  readonly command?: string
}): string {
  return command
}

/** The tool of an MCP server: `await-all` is `await_all`. */
export function toolName(kebab: string): string {
  return kebab.replaceAll('-', '_')
}

/** The flag of a param on a command line, without its dashes: `maxTurns` is `max-turns`. */
export function flagName(camel: string): string {
  return camel.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)
}

/** The argument of an MCP tool: `maxTurns` is `max_turns`. */
export function argumentName(camel: string): string {
  return toolName(flagName(camel))
}
