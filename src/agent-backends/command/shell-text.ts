/** Puts values into a shell command as references to variables: no value is ever read as shell text. */

/** What each placeholder of a shell command becomes. `$1` is the prompt, the first argument of the script. */
const REFERENCES: Readonly<Record<string, string>> = {
  '{prompt}': '${1}',
  '{file}': '${ATELIER_PROMPT_FILE}',
  '{session}': '${ATELIER_SESSION}',
}
const PLACEHOLDER = /\{(?:prompt|file|session)\}/uy

/** Replaces the placeholders, each in quotes unless it stands in double quotes already. */
export function shellScript(command: string): string {
  let script = ''
  for (const { text, quote } of tokensOf(command)) {
    const reference = REFERENCES[text]
    if (reference === undefined || quote === "'") script += text
    else script += quote === '"' ? reference : `"${reference}"`
  }
  return script
}

/** A placeholder in single quotes, where a reference would be plain text. */
export function quotedPlaceholder(command: string): string | undefined {
  for (const { text, quote } of tokensOf(command)) if (quote === "'" && text in REFERENCES) return text
  return undefined
}

interface Token {
  /** One character, an escaped pair, or a placeholder. */
  readonly text: string
  /** The quotes that it stands in. */
  readonly quote: '' | "'" | '"'
}

/** The shell's own rules of quoting, as far as single, double quotes and backslashes go. */
function* tokensOf(command: string): Generator<Token, void, void> {
  let quote: Token['quote'] = ''
  for (let at = 0; at < command.length;) {
    PLACEHOLDER.lastIndex = at
    const [placeholder] = PLACEHOLDER.exec(command) ?? []
    const isEscape: boolean = command[at] === '\\' && quote !== "'"
    const text: string = placeholder ?? command.slice(at, at + (isEscape ? 2 : 1))
    at += text.length
    yield { text, quote }
    if ((text === "'" && quote !== '"') || (text === '"' && quote !== "'")) quote = quote === '' ? text : ''
  }
}
