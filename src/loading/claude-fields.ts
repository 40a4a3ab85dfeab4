/** The fields in the front matter of a Claude Code subagent, and what they are here. */
import type { DefinitionFields, PermissionMode } from '../agents/definition.ts'

const TOOLS_RULE = 'a list of tools, or their names with commas between'

/** How a field becomes part of a definition. */
interface UsedField {
  /** Reads after "it must be". */
  readonly rule: string
  /** Undefined where the value breaks the rule. */
  readonly read: (value: unknown) => DefinitionFields | undefined
}

const PERMISSION_MODES: ReadonlyMap<unknown, PermissionMode> = new Map<unknown, PermissionMode>([
  ['default', 'default'],
  ['acceptEdits', 'accept_edits'],
  ['bypassPermissions', 'bypass_permissions'],
  ['dontAsk', 'dont_ask'],
  ['plan', 'plan'],
  ['auto', 'auto'],
])

/** Fields that Atelier acts on, by name. */
export const USED_FIELDS: Readonly<Record<string, UsedField>> = {
  tools: {
    rule: TOOLS_RULE,
    read: (value) => {
      const allowedTools = toolsOf(value)
      // A star is all of them, as leaving the field out is.
      return allowedTools?.includes('*') ? {} : allowedTools && { allowedTools }
    },
  },
  disallowedTools: {
    rule: TOOLS_RULE,
    read: (value) => {
      const disallowedTools = toolsOf(value)
      return disallowedTools && { disallowedTools }
    },
  },
  model: {
    rule: 'the name of a model, or "inherit"',
    read: (value) => (isText(value) ? (value === 'inherit' ? {} : { model: value }) : undefined),
  },
  permissionMode: {
    rule: `one of ${[...PERMISSION_MODES.keys()].join(', ')}`,
    read: (value) => {
      const permissionMode = PERMISSION_MODES.get(value)
      return permissionMode && { permissionMode }
    },
  },
  maxTurns: {
    rule: 'a whole number of at least 1',
    read: (value) =>
      Number.isSafeInteger(value) && Number(value) >= 1 ? { maxTurns: Number(value) } : undefined,
  },
  effort: { rule: 'a word such as "high"', read: (value) => (isText(value) ? { effort: value } : undefined) },
}

/** Fields that Claude Code knows and Atelier does not act on. */
export const NOT_USED: readonly string[] = [
  'skills',
  'mcpServers',
  'hooks',
  'memory',
  'background',
  'isolation',
  'initialPrompt',
  'color',
]
/** Every field that a subagent file may have. */
export const ALL_FIELDS: readonly string[] = ['name', 'description', ...Object.keys(USED_FIELDS), ...NOT_USED]

function toolsOf(value: unknown): readonly string[] | undefined {
  if (Array.isArray(value)) return value.every(isText) ? value.map((tool) => tool.trim()) : undefined
  return typeof value === 'string' ? splitTools(value) : undefined
}

/**
 * Names with commas between, where a comma in parentheses belongs to the name: `Read, Bash(git log:*, git diff:*)`.
 * Parentheses that do not match are refused: half of `Bash(git log:*)` would allow every command.
 */
function splitTools(text: string): readonly string[] | undefined {
  const tools = ['']
  let depth = 0
  for (const character of text) {
    if (character === '(') depth++
    if (character === ')') depth--
    if (depth < 0) return undefined
    if (character === ',' && depth === 0) tools.push('')
    else tools.push(`${tools.pop()}${character}`)
  }
  return depth === 0 ? tools.map((tool) => tool.trim()).filter((tool) => tool !== '') : undefined
}

/** A text that is not blank. */
export function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
