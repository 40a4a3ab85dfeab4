/** What the model server says, as plain data, so that a file can hold it. The same for every wire. */
import type { Json } from '../json.ts'
import type { Usage } from '../tables.ts'

/**
 * Scenarios by name. A prompt chooses one by `[[script:NAME]]`, a client by its key `fake-NAME`;
 * `default` is for all others. `NAME#2` is in place of `NAME` for the second prompt of a session.
 */
export type Scenarios = Readonly<Record<string, Scenario>>

/**
 * The answers to one prompt: the first to the prompt itself, the next to the first results of tools
 * (or to a client that asks to go on), and so on. Beyond the last one comes {@link LAST_WORD}.
 */
export type Scenario = readonly Step[]

/** What a model says when its script is over, so that a scenario may end with a tool call. */
export const LAST_WORD = 'Done.'

/**
 * One answer. Texts and tool inputs may name `@PROMPT@` (without markers), `@PROMPT_BYTES@` (its length
 * in UTF-8), `@TURN_NUMBER@` (1 for the first prompt of a session), `@CWD@` (where the agent works) and
 * `@LAST@` (output of the last tool).
 */
export interface Step {
  readonly think?: string
  readonly text?: string
  /** Called together, in one answer. */
  readonly tools?: readonly ToolCall[]
  /** Default: `tools` if there are any, else `end`. */
  readonly stop?: StopReason
  /** Default: {@link DEFAULT_USAGE}. */
  readonly usage?: Partial<Usage>
  /** Headers of the answer, such as the state of a limit. */
  readonly headers?: Readonly<Record<string, string>>
  /** Time before the first byte. */
  readonly waitMs?: number
  /** Time between two pieces of the answer. */
  readonly pieceMs?: number
  /** What happens instead, one after the other; the answer comes when their `times` are over. */
  readonly faults?: readonly Fault[]
}

export interface ToolCall {
  readonly name: string
  readonly input: { readonly [key: string]: Json }
}

/** Why the model stopped: it is done, it wants tools, its answer or its context is full, it refuses. */
export type StopReason = 'end' | 'tools' | 'length' | 'context' | 'refusal'

/** Tokens of an answer that names none. */
export const DEFAULT_USAGE: Usage = { input: 10, output: 5, cacheRead: 0, cacheWrite: 0, reasoning: 0 }

/** Something that goes wrong. */
export type Fault = (
  | Refusal
  /** An answer that breaks off with an error of the wire's own kind. */
  | { readonly breakOff: Refusal }
  /** The limit of a subscription, in the wire's own words. */
  | { readonly usageLimit: UsageLimit }
  /** Nothing more is sent, until the client goes. */
  | { readonly hang: Moment }
  /** The connection is torn down. */
  | { readonly drop: Moment }
) & {
  /** How often, for each prompt of a session; without it, always. */
  readonly times?: number
}

/** Before the first byte, or when half of the answer is sent. */
export type Moment = 'before' | 'midway'

export interface Refusal {
  readonly status: number
  /** The wire's own word for the error; default: the one that belongs to the status. */
  readonly type?: string
  readonly message?: string
  readonly headers?: Readonly<Record<string, string>>
  /** The whole body instead of the wire's usual one; a text is sent as it is. */
  readonly body?: Json
}

export interface UsageLimit {
  /** When the account may go on, ms since the epoch. Wires say it in whole seconds. */
  readonly resetsAt: number
  /** Which limit it is, in the vendor's words; default: the wire's most common one. */
  readonly window?: string
}

/** An account that may make so many calls, then hits its limit until it is reset, and may make as many again. */
export interface Quota {
  readonly calls: number
  /** From the first refused call to the reset, rounded up to a whole second. */
  readonly resetsInMs: number
  readonly window?: string
  /** How often the limit is met before there is none any more; without it, always. */
  readonly times?: number
}
