/** What the tools of Claude Code are, and what their results say. */
import { isAbsolute, relative } from 'node:path'

import type { AgentEvent } from '../../agent-backend.ts'
import type { Json } from '../../json.ts'
import { fieldsOf, objectsOf, textOf, type Fields } from './line.ts'

type ToolEvent = Extract<AgentEvent, { t: 'tool' }>
type FileEvent = Extract<AgentEvent, { t: 'file' }>

const KINDS: Readonly<Record<string, ToolEvent['kind']>> = {
  Bash: 'exec',
  BashOutput: 'exec',
  KillShell: 'exec',
  Monitor: 'exec',
  PowerShell: 'exec',
  TaskOutput: 'exec',
  TaskStop: 'exec',
  Edit: 'edit',
  MultiEdit: 'edit',
  NotebookEdit: 'edit',
  Write: 'edit',
  Glob: 'read',
  Grep: 'read',
  LS: 'read',
  LSP: 'read',
  NotebookRead: 'read',
  Read: 'read',
  WebFetch: 'read',
  WebSearch: 'read',
}

/** The kind of a tool by its name. */
export function toolKind(name: string): ToolEvent['kind'] {
  return KINDS[name] ?? (name.startsWith('mcp__') ? 'mcp' : 'other')
}

/** The text of a tool's result, which may be a list of blocks. */
export function outputText(content: Json | undefined): string {
  const whole = textOf(content)
  if (whole !== undefined) return whole
  return objectsOf(content)
    .map((block) => textOf(block['text']) ?? `[${textOf(block['type']) ?? 'block'}]`)
    .join('\n')
}

/** The file that a tool wrote, by what the line says beside the result. */
export function writtenFile(result: Json | undefined, cwd: string): FileEvent | undefined {
  const fields = fieldsOf(result)
  const path = textOf(fields['filePath'])
  const isWritten = fields['structuredPatch'] !== undefined || fields['type'] === 'create'
  if (path === undefined || !isWritten) return undefined
  return { t: 'file', path: shownPath(path, cwd), change: fields['type'] === 'create' ? 'add' : 'modify' }
}

/** Names in a list of tools, without the rules in parentheses: `Bash(git *)` is a rule for `Bash`. */
export function toolNames(rules: readonly string[]): string[] {
  return [...new Set(rules.map((rule) => rule.split('(', 1)[0]?.trim() ?? ''))]
}

/** The tool that a block of an answer calls. */
export function calledTool(block: Fields): { readonly id: string; readonly name: string } | undefined {
  const [id, name] = [textOf(block['id']), textOf(block['name'])]
  return id === undefined || name === undefined ? undefined : { id, name }
}

function shownPath(path: string, cwd: string): string {
  const inside = relative(cwd, path)
  return inside === '' || inside.startsWith('..') || isAbsolute(inside) ? path : inside
}
