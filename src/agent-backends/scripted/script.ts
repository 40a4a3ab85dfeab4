/** What a script is made of, and which of its answers a turn gets. */
import type { AgentEvent, TurnRequest } from '../../agent-backend.ts'
import type { FailureKind } from '../../agents/failures.ts'
import type { Json } from '../../json.ts'
import type { Usage } from '../../tables.ts'
import type { Duration } from '../../time/duration.ts'

/**
 * What the scripted backend does, as plain data, so that a configuration file can hold it. Texts may
 * name `@PROMPT@`, `@AGENT@`, `@CWD@`, `@TURN_NUMBER@` (1 for the first turn of a session), `@LAST@`
 * (output of the last tool) and `@EXIT@` (exit code of the last command).
 */
export interface Script extends ScriptAnswer {
  /** Tried in order; the first that fits answers. Where none does, the script's own answer counts. */
  readonly rules?: readonly ScriptRule[]
  /** Cost of a completed turn whose steps name none, USD. Without it the cost is unknown. */
  readonly costUsd?: number
  /** Tokens of a completed turn whose steps name none. */
  readonly usage?: Partial<Usage>
}

/** One of the two; without any the answer is `@AGENT@: @PROMPT@`. */
export interface ScriptAnswer {
  /** A text, or in the library a function that gives a text or steps. */
  readonly reply?: string | ScriptReply
  readonly steps?: readonly Step[]
}

export type ScriptReply = (request: TurnRequest, turnNumber: number) => Answer | Promise<Answer>

export type Answer = string | readonly Step[]

/** An answer and when it is given: everything that a rule names must fit. */
export interface ScriptRule extends ScriptAnswer {
  readonly agent?: string
  /** A part of the prompt; as `/pattern/flags`, or in the library a RegExp, a pattern that it matches. */
  readonly match?: string | RegExp
  /** Number of the turn in its session, from 1. */
  readonly turn?: number
  /** It fits only so many times. */
  readonly times?: number
}

/** One thing that happens in a turn. */
export type Step =
  /** Says something. The last thing said is the answer. */
  | {
      readonly say: string
      /** Comes in so many pieces, */ readonly pieces?: number
      /** and so long apart. */ readonly every?: Duration
    }
  | { readonly think: string }
  /** Waits on the backend's clock. */
  | { readonly delay: Duration }
  /** Reports the use of a tool; nothing is run. */
  | { readonly tool: ToolReport }
  /** Runs a shell command in the turn's folder. */
  | { readonly run: string }
  /** Writes a file, or replaces one text in it, inside of the turn's folder. */
  | {
      readonly edit:
        | { readonly path: string; readonly content: string }
        | { readonly path: string; readonly find: string; readonly replace: string }
    }
  | { readonly append: { readonly path: string; readonly text: string } }
  /** Adds tokens to the turn. */
  | { readonly usage: Partial<Usage> }
  /** Adds USD to the turn. */
  | { readonly cost: number }
  /** Passes an event on as it is: a warning, a retry, a limit, a raw line. */
  | { readonly event: Exclude<AgentEvent, { readonly t: 'end' }> }
  /** Ends the turn with a failure. */
  | {
      readonly fail: {
        readonly kind: FailureKind
        readonly message?: string
        readonly status?: number
        /** ms since the epoch. */ readonly resetsAt?: number
        /** From now on. */ readonly resetsIn?: Duration
      }
    }
  /** Does nothing until the turn is cancelled. */
  | { readonly hang: true }
  /** Throws inside of the adapter: what a defect of an adapter looks like. */
  | { readonly crash: string }
  /** Wherever it stands: a `new` session in spite of a resume, `none` at all, or the one to resume is `lost`. */
  | { readonly session: 'new' | 'none' | 'lost' }

export interface ToolReport {
  readonly name: string
  /** Default `other`. */
  readonly kind?: 'read' | 'edit' | 'exec' | 'mcp' | 'other'
  readonly input?: Json
  readonly output?: string
  /** Default true. */
  readonly ok?: boolean
}

const DEFAULT_REPLY = '@AGENT@: @PROMPT@'

/** A script, and what its counters are called: those of one agent's own script are apart. */
export interface ScriptSource {
  readonly script: Script
  readonly scope: string
}

/**
 * Finds the answer to a turn: the rules of every source in order, then the sources' own answers.
 * @param hits how often each rule with `times` was used; counted up here
 */
export function chooseAnswer(
  sources: readonly ScriptSource[],
  request: TurnRequest,
  turnNumber: number,
  hits: Map<string, number>,
): Answer | Promise<Answer> {
  for (const { script, scope } of sources) {
    for (const [index, rule] of (script.rules ?? []).entries()) {
      if (!fits(rule, request, turnNumber)) continue
      if (rule.times !== undefined) {
        const key = `${scope}#${index}`
        const used = hits.get(key) ?? 0
        if (used >= rule.times) continue
        hits.set(key, used + 1)
      }
      return answerOf(rule, request, turnNumber) ?? DEFAULT_REPLY
    }
  }
  for (const { script } of sources) {
    const answer = answerOf(script, request, turnNumber)
    if (answer !== undefined) return answer
  }
  return DEFAULT_REPLY
}

function answerOf(
  answer: ScriptAnswer,
  request: TurnRequest,
  turnNumber: number,
): Answer | Promise<Answer> | undefined {
  if (typeof answer.reply === 'function') return answer.reply(request, turnNumber)
  return answer.reply ?? answer.steps
}

function fits(rule: ScriptRule, request: TurnRequest, turnNumber: number): boolean {
  if (rule.agent !== undefined && rule.agent !== request.agent) return false
  if (rule.turn !== undefined && rule.turn !== turnNumber) return false
  return rule.match === undefined || matches(rule.match, request.prompt)
}

/** `/pattern/flags` as text, since a configuration file has no regular expressions. */
const PATTERN_TEXT = /^\/(.+)\/([a-z]*)$/su

function matches(wanted: string | RegExp, prompt: string): boolean {
  if (typeof wanted !== 'string') return prompt.search(wanted) !== -1
  const pattern = parsePattern(wanted)
  return pattern === undefined ? prompt.includes(wanted) : pattern.test(prompt)
}

/**
 * Reads `/pattern/flags`; undefined if the text is an ordinary one.
 * @throws SyntaxError if the pattern is none
 */
export function parsePattern(text: string): RegExp | undefined {
  const [, pattern, flags] = PATTERN_TEXT.exec(text) ?? []
  return pattern === undefined ? undefined : new RegExp(pattern, flags?.replace(/[gy]/gu, ''))
}

/** What the variables of a text stand for. */
export interface TextVariables {
  readonly PROMPT: string
  readonly AGENT: string
  readonly CWD: string
  readonly TURN_NUMBER: string
  readonly LAST: string
  readonly EXIT: string
}

/** Puts the variables into a text, once: what comes from a prompt is not looked at again. */
export function fillIn(text: string, variables: TextVariables): string {
  if (!text.includes('@')) return text
  return text.replace(
    /@(PROMPT|AGENT|CWD|TURN_NUMBER|LAST|EXIT)@/gu,
    (_whole, name: keyof TextVariables) => variables[name],
  )
}
