/** How one vendor's protocol looks to the model server: to add one is a file in `wires/` and a line in `server.ts`. */
import type { Json } from '../json.ts'
import type { Usage } from '../tables.ts'
import type { Conversation } from './conversation.ts'
import type { Refusal, StopReason, ToolCall, UsageLimit } from './scenario.ts'

export interface Wire {
  readonly name: string
  /** Whether a request for the model comes over this wire. */
  accepts(method: string, path: string): boolean
  /** Reads a request; `undefined` if it is none that this wire could answer. */
  read(request: WireRequest): Conversation | undefined
  /** The body of an answer in the pieces in which it is sent; one piece if it is not streamed. */
  write(answer: WireAnswer): WireReply
  /** The answer that says no. */
  refuse(refusal: Refusal): WireReply & { readonly status: number }
  /** The last piece of a streamed answer that breaks off. */
  breakOff(refusal: Refusal): string
  /** How the vendor says that a subscription's limit is reached. */
  limitReached(limit: UsageLimit): Refusal
  /** The answer to a request of this vendor's that is not for the model, such as a count of tokens. */
  aside?(method: string, path: string): Json | undefined
}

export interface WireRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Json
}

/** An answer with everything filled in. */
export interface WireAnswer {
  /** Unique per request, and the same for the same request. */
  readonly id: string
  readonly model: string
  readonly stream: boolean
  readonly think?: string
  readonly text?: string
  readonly tools: readonly (ToolCall & { readonly id: string })[]
  readonly stop: StopReason
  readonly usage: Usage
}

export interface WireReply {
  readonly headers: Readonly<Record<string, string>>
  readonly pieces: readonly string[]
}

/** At least this many characters travel together: a real model's pieces are a few words long. */
const PIECE_CHARACTERS = 16
/** A long text comes in larger pieces rather than in more. */
const PIECES_AT_MOST = 64

/** Splits a text as it is streamed, never inside of a character; all but the shortest have two pieces or more. */
export function piecesOf(text: string): readonly string[] {
  const wanted = Math.max(PIECE_CHARACTERS, Math.ceil(text.length / PIECES_AT_MOST))
  const size = Math.min(wanted, Math.max(1, Math.ceil(text.length / 2)))
  const pieces: string[] = []
  for (let start = 0; start < text.length;) {
    // Half of a surrogate pair is no character.
    const end = /[\uD800-\uDBFF]/u.test(text[start + size - 1] ?? '') ? start + size + 1 : start + size
    pieces.push(text.slice(start, end))
    start = end
  }
  return pieces
}

/** One server-sent event. */
export function sseEvent(data: Json, event?: string): string {
  return `${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`
}

/** A member of a parsed body; `undefined` where there is none. */
export function member(value: Json | undefined, name: string): Json | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  return (value as { readonly [key: string]: Json | undefined })[name]
}

export function textMember(value: Json | undefined, name: string): string | undefined {
  const found = member(value, name)
  return typeof found === 'string' ? found : undefined
}

/** A member that is a list; empty where there is none. */
export function listMember(value: Json | undefined, name: string): readonly Json[] {
  const found = member(value, name)
  return Array.isArray(found) ? (found as readonly Json[]) : []
}
