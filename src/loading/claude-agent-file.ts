/** One subagent file of Claude Code: YAML between two lines of `---`, then the role. */
import type { DefinitionFields, ProfileDefinition } from '../agents/definition.ts'
import { showValue } from '../agents/shown-values.ts'
import { NAME_PATTERN, NAME_RULE } from '../agents/text-rules.ts'
import { nearestNames } from '../errors.ts'
import type { LoadWarning } from './claude-agents.ts'
import { ALL_FIELDS, isText, NOT_USED, USED_FIELDS } from './claude-fields.ts'
import { parseYaml, type YamlSource } from './yaml-source.ts'

const FENCE = '---'
/** The front matter begins on the second line of the file. */
const LINES_ABOVE = 1

/** What one file gives. */
export interface AgentFile {
  /** Null: the file was left out, and a warning says why. */
  readonly agent: { readonly name: string; readonly profile: ProfileDefinition } | null
  readonly warnings: readonly LoadWarning[]
}

/** Why a file is left out; never leaves this module. */
class BrokenFile extends Error {
  readonly line: number | null

  constructor(message: string, line: number | null) {
    super(message)
    this.line = line
  }
}

/** Reads the text of one file, with `\n` between lines. */
export async function readAgentFile(file: string, text: string): Promise<AgentFile> {
  try {
    const { header, body } = splitFile(text)
    const source = await parseHeader(header)
    const values = fieldsOf(source)
    const name = required(
      values,
      source,
      'name',
      NAME_RULE,
      (value) => isText(value) && NAME_PATTERN.test(value),
    )
    const description = required(values, source, 'description', 'a text that is not blank', isText)
    if (body === '')
      throw new BrokenFile('there is no text below the front matter: it is the role of the agent', null)
    const fields = readFields(values, source)
    const warnings = warningsAbout(values, source).map((warning) => ({ file, ...warning }))
    return { agent: { name, profile: { role: body, description, fields } }, warnings }
  } catch (thrown) {
    if (!(thrown instanceof BrokenFile)) throw thrown
    return {
      agent: null,
      warnings: [{ file, line: thrown.line, message: `The file was left out: ${thrown.message}.` }],
    }
  }
}

function splitFile(text: string): { readonly header: string; readonly body: string } {
  const lines = text.split('\n')
  if (lines[0]?.trimEnd() !== FENCE) {
    throw new BrokenFile(
      `it has no front matter: it must begin with a line ${FENCE}, then name and description`,
      1,
    )
  }
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === FENCE)
  if (end === -1) throw new BrokenFile(`its front matter has no end: a line ${FENCE} is missing`, 1)
  return {
    header: lines.slice(1, end).join('\n'),
    body: lines
      .slice(end + 1)
      .join('\n')
      .trim(),
  }
}

/**
 * Claude Code takes descriptions with a colon, a `#` or a star in them as they are, and its own generator writes
 * such; strict YAML does not. What fails is read once more with these texts quoted.
 */
async function parseHeader(header: string): Promise<YamlSource> {
  const strict = await parseYaml(header)
  const [problem] = strict.problems
  if (problem === undefined) return strict
  const lenient = await parseYaml(
    header.replaceAll(/^([A-Za-z][\w-]*):[ \t]+([^\s"'[{|>].*)$/gmu, quoteField),
  )
  if (lenient.problems.length === 0) return lenient
  throw new BrokenFile(`its front matter is not valid YAML: ${problem.message}`, lineOf(problem.at))
}

function quoteField(field: string, key: string, value: string): string {
  return /: |:$| #|^[*&!%@`]/u.test(value) ? `${key}: ${JSON.stringify(value.trimEnd())}` : field
}

/** A field without a value counts as left out. */
function fieldsOf({ value }: YamlSource): ReadonlyMap<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BrokenFile('its front matter must be fields such as "name: reviewer"', LINES_ABOVE + 1)
  }
  return new Map(Object.entries(value).filter(([, member]) => member !== null))
}

function required(
  values: ReadonlyMap<string, unknown>,
  source: YamlSource,
  field: string,
  rule: string,
  fits: (value: unknown) => boolean,
): string {
  const value = values.get(field)
  if (value === undefined) throw new BrokenFile(`${field} is missing; it must be ${rule}`, null)
  if (fits(value)) return value as string
  throw new BrokenFile(`${field} is ${showValue(value)}; it must be ${rule}`, lineOf(source.locate([field])))
}

function readFields(values: ReadonlyMap<string, unknown>, source: YamlSource): DefinitionFields {
  const found = Object.entries(USED_FIELDS).map(([field, { rule, read }]) => {
    const value = values.get(field)
    const fields = value === undefined ? {} : read(value)
    if (fields !== undefined) return fields
    throw new BrokenFile(
      `${field} is ${showValue(value)}; it must be ${rule}`,
      lineOf(source.locate([field])),
    )
  })
  return Object.assign({}, ...found) as DefinitionFields
}

function warningsAbout(
  values: ReadonlyMap<string, unknown>,
  source: YamlSource,
): readonly Omit<LoadWarning, 'file'>[] {
  const at = (field: string): number | null => lineOf(source.locate([field]))
  // What is switched off asks for nothing.
  const unused = NOT_USED.filter((field) => values.has(field) && values.get(field) !== false)
  const unknown = [...values.keys()].filter((field) => !ALL_FIELDS.includes(field))
  return [
    ...unused.map((field) => ({ line: at(field), message: `The field ${field} is not used yet.` })),
    ...unknown.map((field) => ({
      line: at(field),
      message: `The field ${showValue(field)} is not known.${nearestTo(field)}`,
    })),
  ]
}

function nearestTo(field: string): string {
  const [nearest] = nearestNames(field.slice(0, 64), ALL_FIELDS)
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`
}

function lineOf(at: { readonly line: number } | null): number | null {
  return at === null ? null : at.line + LINES_ABOVE
}
