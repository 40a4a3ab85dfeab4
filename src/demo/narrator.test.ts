/** What a watcher reads of the events that real agents bring. */
import { expect, test } from 'vitest'
import type { AgentEvent } from '../agent-backend.ts'
import type { Json } from '../json.ts'
import { Narrator } from './narrator.ts'

const DIR = '/scratch/task-ledger'

function tell(...events: readonly AgentEvent[]): string[] {
  let text = ''
  const out = { isTerminal: true, colour: false, width: 80, write: (piece: string) => void (text += piece) }
  const narrator = new Narrator(out, DIR)
  for (const event of events) narrator.activity('impl', event)
  return text.split('\n').slice(0, -1)
}

function tool(
  name: string,
  kind: 'read' | 'edit' | 'exec' | 'other',
  input: Json,
  end: { readonly output?: string; readonly ok?: boolean } = {},
): AgentEvent[] {
  const both = { t: 'tool', id: 'call', name, kind } as const
  return [
    { ...both, phase: 'start', input },
    { ...both, phase: 'end', ok: true, ...end },
  ]
}

test('a tool that reads is one line, with the path as the project has it', () => {
  expect(tell(...tool('Read', 'read', { file_path: `${DIR}/lib/notify.js` }, { output: 'secret' }))).toEqual([
    '  impl      Read lib/notify.js',
  ])
  expect(tell(...tool('Grep', 'read', { pattern: 'send' }))).toEqual(['  impl      Grep send'])
})

test('a tool that edits is told by the file that it wrote, and by its error where it wrote none', () => {
  const edit = { file_path: `${DIR}/lib/notify.js`, old_string: 'a', new_string: 'b' }
  const file: AgentEvent = { t: 'file', path: 'lib/notify.js', change: 'modify' }
  expect(tell(...tool('Edit', 'edit', edit), file)).toEqual(['  impl      edited lib/notify.js'])
  expect(tell(...tool('Edit', 'edit', edit, { ok: false, output: 'Not allowed.' }))).toEqual([
    '  impl      Edit lib/notify.js',
    '            Not allowed.',
  ])
})

test('a long output shows its beginning and its end, and a long command is broken', () => {
  const output = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n')
  const command = `git commit -m '${'word '.repeat(20).trim()}'`
  const lines = tell(...tool('Bash', 'exec', { command }, { output }))
  expect(lines.map((line) => line.trim()).slice(-9)).toEqual([
    'line 0',
    'line 1',
    '… 32 lines …',
    ...[34, 35, 36, 37, 38, 39].map((line) => `line ${line}`),
  ])
  expect(lines.filter((line) => line.length > 80)).toEqual([])
})

test('what moves the cursor or sets a title does not reach the terminal', () => {
  const text = '\u001B[2J\u001B]0;title\u0007hello\r\nthere'
  const lines = tell({ t: 'text', id: '1', delta: text, done: true }, { t: 'warn', message: '\u001B[31mred' })
  expect(lines).toEqual(['  impl      hello', '            there', '  impl      red'])
})

test('text in pieces is told when it is whole, with the indents of its code', () => {
  const pieces = ['Look:\n\n  if (a)', '\n    b()\n']
  expect(
    tell(...pieces.map((delta): AgentEvent => ({ t: 'text', id: '1', delta })), {
      t: 'text',
      id: '1',
      delta: '',
      done: true,
    }),
  ).toEqual(['  impl      Look:', '', '              if (a)', '                b()'])
})

test('the model is told once, and retries, reached limits and failures each time', () => {
  const session = (model: string): AgentEvent => ({
    t: 'session',
    ref: { backend: 'claude', id: 's', cwd: DIR },
    model,
  })
  const lines = tell(
    session('sonnet-9'),
    session('sonnet-9'),
    { t: 'retry', attempt: 1, status: 529 },
    { t: 'limit', kind: 'five_hour', state: 'near' },
    { t: 'limit', kind: 'five_hour' },
    { t: 'permission', id: 'x', tool: 'Bash', decision: 'denied', reason: 'told by the end of the tool' },
  )
  expect(lines).toEqual([
    '  impl      works with sonnet-9',
    '  impl      The model did not answer (529); attempt 1 follows.',
    '  impl      The limit of the account is reached: five_hour',
  ])
})
