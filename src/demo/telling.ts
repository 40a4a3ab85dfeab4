/** Words for what agents do, from events and transcripts of any backend. */
import { oneLine } from '../cli/text.ts'
import type { Json } from '../json.ts'
import type { TranscriptEntry } from '../team/view-types.ts'

/** Where a tool's input says what it is about, in the order of telling. */
const SUBJECTS = ['command', 'path', 'file_path', 'pattern', 'query', 'url', 'description'] as const

/** A tool and what it is about, on one line. */
export function toolText(name: string, input: Json | undefined, dir: string): string {
  const subject = SUBJECTS.map((field) => fieldOf(input, field)).find((text) => text !== '')
  const told = subject ?? (input == null ? '' : JSON.stringify(input))
  return oneLine(`${name} ${fromFolder(shortened(told), dir)}`)
}

/** A command as a reader wants it: without what only filters its output. */
export function shortCommand(input: Json | undefined, tool: string): string {
  const command = fieldOf(input, 'command')
  return command === '' ? tool : oneLine(shortened(command))
}

function shortened(command: string): string {
  return command.replace(/ --test-reporter=tap 2>&1 \| grep .*$/u, '')
}

/** One entry of a transcript, without its JSON. */
export function transcriptText(
  kind: TranscriptEntry['kind'],
  body: TranscriptEntry['body'],
  dir: string,
): string {
  switch (kind) {
    case 'tool':
      return toolText(fieldOf(body, 'name'), memberOf(body, 'input'), dir)
    case 'tool_result':
      return fromFolder(fieldOf(body, 'output'), dir) || 'done'
    case 'file':
      return `${fieldOf(body, 'change')} ${fieldOf(body, 'path')}`
    case 'usage':
      return ['input', 'output', 'costUsd']
        .filter((field) => Number(fieldOf(body, field)) > 0)
        .map((field) => `${field} ${fieldOf(body, field)}`)
        .join(', ')
    default:
      return fieldOf(body, 'text') || JSON.stringify(body)
  }
}

/** How this copy of Atelier is called: from a checkout by npm. */
export function callText(what: 'atelier' | 'demo'): string {
  const isCheckout = import.meta.url.endsWith('.ts')
  if (what === 'demo') return isCheckout ? 'npm run demo --' : 'atelier demo'
  return isCheckout ? 'npm run atelier --' : 'atelier'
}

/** What a run of node's tests came to. */
export interface TestCounts {
  readonly pass: number
  readonly fail: number
}

/** The counts of node's test runner, in whichever of its formats; undefined where the output has none. */
export function countsIn(output: string): TestCounts | undefined {
  const [pass, fail] = ['pass', 'fail'].map((what) =>
    new RegExp(`^[#\u2139] ${what} (\\d+)$`, 'mu').exec(output)?.at(1),
  )
  return pass === undefined || fail === undefined ? undefined : { pass: Number(pass), fail: Number(fail) }
}

/** `14 pass, 6 fail`. */
export function countsText(counts: TestCounts | undefined): string {
  return counts === undefined ? 'it gave no counts' : `${counts.pass} pass, ${counts.fail} fail`
}

/** Paths of the project as its users write them. */
function fromFolder(text: string, dir: string): string {
  return text.replaceAll(`${dir}/`, '')
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  if (value == null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return (value as { readonly [key: string]: Json | undefined })[name]
}

/** A member of a JSON object as text; empty where there is none. */
function fieldOf(value: Json | undefined, field: string): string {
  const member = memberOf(value, field)
  return typeof member === 'string' || typeof member === 'number' ? String(member) : ''
}
