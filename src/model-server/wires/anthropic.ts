/** Anthropic Messages: what Claude Code, its SDK and the Anthropic clients of other tools speak. */
import type { Json } from '../../json.ts'
import type { Usage } from '../../tables.ts'
import type { Refusal, StopReason, UsageLimit } from '../scenario.ts'
import { piecesOf, sseEvent, type Wire, type WireAnswer, type WireReply } from '../wire.ts'
import { readRequest } from './anthropic-request.ts'

const SSE = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' }
const JSON_TYPE = { 'content-type': 'application/json' }

const STOP_REASONS: Readonly<Record<StopReason, string>> = {
  end: 'end_turn',
  tools: 'tool_use',
  length: 'max_tokens',
  context: 'model_context_window_exceeded',
  refusal: 'refusal',
}

/** https://docs.claude.com/en/api/errors */
const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  500: 'api_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

export const anthropicWire: Wire = {
  name: 'anthropic',
  accepts: (method, path) => method === 'POST' && /\/v1\/messages(?:\?|$)/u.test(path),
  read: readRequest,
  write: (answer) => (answer.stream ? streamed(answer) : inOnePiece(answer)),
  refuse,
  breakOff: (refusal) => sseEvent(errorBody(refusal), 'error'),
  limitReached,
  aside: (_method, path) => (path.includes('/v1/messages/count_tokens') ? { input_tokens: 10 } : undefined),
}

/** The content blocks of an answer, with the deltas in which each is streamed. */
function contentOf({ think, text, tools }: WireAnswer): readonly Block[] {
  const found: Block[] = []
  if (think !== undefined) {
    const signature = 'c2NyaXB0ZWQ='
    found.push({
      begin: { type: 'thinking', thinking: '', signature: '' },
      whole: { type: 'thinking', thinking: think, signature },
      deltas: [
        ...piecesOf(think).map((thinking) => ({ type: 'thinking_delta', thinking })),
        { type: 'signature_delta', signature },
      ],
    })
  }
  if (text !== undefined) {
    const deltas = piecesOf(text).map((piece) => ({ type: 'text_delta', text: piece }))
    found.push({ begin: { type: 'text', text: '' }, whole: { type: 'text', text }, deltas })
  }
  for (const { id, name, input } of tools) {
    const begin = { type: 'tool_use', id, name, input: {} }
    const pieces = piecesOf(JSON.stringify(input))
    const deltas = pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece }))
    found.push({ begin, whole: { ...begin, input }, deltas })
  }
  return found
}

interface Block {
  readonly begin: Json
  readonly whole: Json
  readonly deltas: readonly Json[]
}

function streamed(answer: WireAnswer): WireReply {
  const usage = usageOf(answer.usage)
  const message = { ...head(answer), content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } }
  const pieces = [event('message_start', { message })]
  for (const [index, { begin, deltas }] of contentOf(answer).entries()) {
    pieces.push(event('content_block_start', { index, content_block: begin }))
    for (const delta of deltas) pieces.push(event('content_block_delta', { index, delta }))
    pieces.push(event('content_block_stop', { index }))
  }
  const delta = { stop_reason: STOP_REASONS[answer.stop], stop_sequence: null }
  pieces.push(event('message_delta', { delta, usage }), event('message_stop', {}))
  return { headers: { ...SSE, 'request-id': requestId(answer.id) }, pieces }
}

function inOnePiece(answer: WireAnswer): WireReply {
  const message = {
    ...head(answer),
    content: contentOf(answer).map((block) => block.whole),
    stop_reason: STOP_REASONS[answer.stop],
    usage: usageOf(answer.usage),
  }
  const headers = { ...JSON_TYPE, 'request-id': requestId(answer.id) }
  return { headers, pieces: [JSON.stringify(message)] }
}

function head({ id, model }: WireAnswer): { readonly [key: string]: Json } {
  return { id: `msg_${id}`, type: 'message', role: 'assistant', model, stop_sequence: null }
}

function event(type: string, fields: { readonly [key: string]: Json }): string {
  return sseEvent({ type, ...fields }, type)
}

function requestId(id: string): string {
  return `req_${id}`
}

/** Anthropic counts cached input apart from `input_tokens`, and thinking as output. */
function usageOf({ input, output, cacheRead, cacheWrite, reasoning }: Usage): {
  readonly [key: string]: Json
} {
  return {
    input_tokens: input,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    output_tokens: output + reasoning,
    ...(reasoning > 0 && { output_tokens_details: { thinking_tokens: reasoning } }),
  }
}

function refuse(refusal: Refusal): WireReply & { readonly status: number } {
  const body = refusal.body ?? errorBody(refusal)
  const pieces = [typeof body === 'string' ? body : JSON.stringify(body)]
  return { status: refusal.status, headers: { ...JSON_TYPE, ...refusal.headers }, pieces }
}

function errorBody({ status, type, message }: Refusal): Json {
  const word = type ?? ERROR_TYPES[status] ?? 'api_error'
  return { type: 'error', error: { type: word, message: message ?? `The script says ${status}.` } }
}

function limitReached({ resetsAt, window = 'five_hour' }: UsageLimit): Refusal {
  const reset = String(Math.ceil(resetsAt / 1000))
  return {
    status: 429,
    message: 'This request would exceed your account’s rate limit. Please try again later.',
    headers: {
      'anthropic-ratelimit-unified-status': 'rejected',
      'anthropic-ratelimit-unified-reset': reset,
      'anthropic-ratelimit-unified-representative-claim': window,
      'anthropic-ratelimit-unified-fallback': 'available',
      'anthropic-ratelimit-unified-overage-status': 'rejected',
      'x-should-retry': 'false',
    },
  }
}
