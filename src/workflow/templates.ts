/**
 * Texts with values in them: `{{ expression }}`. What is put in was written by agents or given from outside, so it stands in a fence
 * that it cannot close itself: data, whatever it says.
 */
import { fenced } from '../board/prompt.ts'
import type { Json } from '../json.ts'
import {
  checkExpression,
  evaluate,
  stagesIn,
  variablesIn,
  type CheckedExpression,
  type Scope,
  type Variables,
} from './expressions.ts'

/** A value up to this length stands in its sentence; a longer one, or one of several lines, in a block. */
const INLINE_CHARACTERS = 120

type Part = { readonly text: string } | { readonly expression: string; readonly offset: number }
type Fault = { readonly why: string; readonly offset: number }

/** Checks every expression of a text. */
export function checkTemplate(text: string, scope: Scope): CheckedExpression {
  const parts = partsOf(text)
  if ('why' in parts) return { ok: false, ...parts, nearest: [] }
  const stages = new Set<string>()
  for (const part of parts) {
    if ('text' in part) continue
    const checked = checkExpression(part.expression, scope)
    if (!checked.ok) return { ...checked, offset: part.offset + checked.offset }
    for (const stage of checked.stages) stages.add(stage)
  }
  return { ok: true, stages: [...stages] }
}

/** True for a text with anything to fill in. */
export function isTemplate(text: string): boolean {
  return text.includes('{{')
}

/** The stages that the expressions of a text read. */
export function stagesInTemplate(text: string): readonly string[] {
  return [...new Set(expressionsIn(text).flatMap((each) => stagesIn(each)))]
}

/** The variables that the expressions of a text read. */
export function variablesInTemplate(text: string): readonly string[] {
  return [...new Set(expressionsIn(text).flatMap((each) => variablesIn(each)))]
}

type Filled = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string }

/** A text with its values, fenced. */
export function fillTemplate(text: string, variables: Variables): Filled {
  return fill(text, variables, shown)
}

/** A path or name with texts and numbers in it as they are: for what no agent reads. */
export function fillPlain(text: string, variables: Variables): Filled {
  return fill(text, variables, (value) =>
    typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
  )
}

function fill(
  text: string,
  variables: Variables,
  show: (value: Json, before: string) => string | undefined,
): Filled {
  const parts = partsOf(text)
  if ('why' in parts) return { ok: false, why: parts.why }
  let filled = ''
  for (const part of parts) {
    if ('text' in part) {
      filled += part.text
      continue
    }
    const made = evaluate(part.expression, variables)
    const value = made.ok ? show(made.value, filled) : undefined
    if (value === undefined)
      return {
        ok: false,
        why: `{{ ${part.expression} }}: ${made.ok ? 'it must give a text or a number' : made.why}`,
      }
    filled += value
  }
  return { ok: true, text: filled }
}

function expressionsIn(text: string): readonly string[] {
  const parts = partsOf(text)
  return 'why' in parts ? [] : parts.flatMap((part) => ('text' in part ? [] : [part.expression]))
}

function partsOf(text: string): readonly Part[] | Fault {
  const parts: Part[] = []
  let at = 0
  for (;;) {
    const start = text.indexOf('{{', at)
    if (start === -1) return [...parts, { text: text.slice(at) }]
    const end = endOf(text, start + 2)
    if (end === -1)
      return {
        why: '"{{" is not closed by "}}"; to write two braces as they are, write {{ "{{" }}',
        offset: start,
      }
    const inner = text.slice(start + 2, end)
    const expression = inner.trim()
    const offset = start + 2 + (inner.length - inner.trimStart().length)
    parts.push({ text: text.slice(at, start) }, { expression, offset })
    at = end + 2
  }
}

/** Where `}}` closes an expression: not within a text or a map of it. */
function endOf(text: string, start: number): number {
  let quote = ''
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const character = text.charAt(at)
    if (quote !== '') {
      if (character === '\\') at++
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '{') depth++
    else if (character === '}' && depth > 0) depth--
    else if (character === '}' && text.charAt(at + 1) === '}') return at
  }
  return -1
}

/** Numbers and the like say nothing; texts are fenced, in their line or in a block of their own. */
function shown(value: Json, before: string): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2)
  if (typeof value === 'string' && text.length <= INLINE_CHARACTERS && !/[\n\r`\p{Cc}]/u.test(text))
    return `\`${text}\``
  const lead = before === '' || before.endsWith('\n') ? '' : '\n'
  return `${lead}${fenced(text, typeof value === 'string' ? '' : 'json')}\n`
}
