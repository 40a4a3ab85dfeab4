/** Anthropic Messages: what Claude Code, its SDK and the Anthropic clients of other tools speak. */
import type { Json } from '../../../json.ts'
import type { Usage } from '../../../tables.ts'
import type { Conversation, Exchange } from '../conversation.ts'
import type { Refusal, StopReason, UsageLimit } from '../scenario.ts'
import {
  listMember,
  member,
  piecesOf,
  sseEvent,
  textMember,
  type Wire,
  type WireAnswer,
  type WireReply,
  type WireRequest,
} from '../wire.ts'

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

/** What Claude Code adds to a user's message: it says nothing to the scripted model. */
const REMINDERS = /^(?:<system-reminder>[\s\S]*?<\/system-reminder>\s*)+/u
const INTERRUPTION = /^\[Request interrupted by user/u
/** What Claude Code says by itself to make the model go on. */
const NUDGES: readonly RegExp[] = [
  /^\[structured-output-enforce\]/u,
  /^\[Your previous response had no visible output\./u,
  /^Output token limit hit\. Resume directly/u,
  /^Your response above was stopped by a safety classifier/u,
  /^<system-reminder>\s*\[SYSTEM NOTIFICATION/u,
]
/** Claude Code names the folder in its instructions, `Working directory:` in older versions. */
const WORKING_DIRECTORY = /working directory: (.+)$/imu

export const anthropicWire: Wire = {
  name: 'anthropic',
  accepts: (method, path) => method === 'POST' && /\/v1\/messages(?:\?|$)/u.test(path),
  read,
  write: (answer) => (answer.stream ? streamed(answer) : inOnePiece(answer)),
  refuse,
  breakOff: (refusal) => sseEvent(errorBody(refusal), 'error'),
  limitReached,
  aside: (_method, path) => (path.includes('/v1/messages/count_tokens') ? { input_tokens: 10 } : undefined),
}

function read({ body, headers }: WireRequest): Conversation | undefined {
  const model = textMember(body, 'model')
  if (model === undefined || !Array.isArray(member(body, 'messages'))) return undefined
  const messages = listMember(body, 'messages')
  const session = headers['x-claude-code-session-id']
  const cwd = workingDirectory([...listMember(body, 'system'), ...messages.filter(isInstruction)])
  return {
    model,
    exchanges: exchangesOf(messages),
    // An agent may have no tools either, but it is told where it works.
    side: listMember(body, 'tools').length === 0 && cwd === undefined,
    stream: member(body, 'stream') === true,
    ...(session !== undefined && { session }),
    ...(cwd !== undefined && { cwd }),
  }
}

function exchangesOf(messages: readonly Json[]): readonly Exchange[] {
  const called: string[] = []
  return messages.flatMap((message): readonly Exchange[] => {
    const blocks = blocksOf(message)
    switch (textMember(message, 'role')) {
      case 'assistant':
        called.push(...blocks.flatMap((block) => textMember(block, 'id') ?? []))
        return [{ by: 'model' }]
      case 'user': {
        const outputs = outputsIn(blocks, called)
        const said = blocks.flatMap(saidIn)
        return outputs.length === 0 ? said : [{ by: 'tools', outputs }, ...said]
      }
      default:
        return []
    }
  })
}

/** The outputs in the order of the calls: the client sends them in the order in which the tools were done. */
function outputsIn(blocks: readonly Json[], called: readonly string[]): readonly string[] {
  const place = (result: Json): number => called.indexOf(textMember(result, 'tool_use_id') ?? '')
  const results = blocks.filter((block) => textMember(block, 'type') === 'tool_result')
  return results.sort((a, b) => place(a) - place(b)).map((result) => textsOf(result).join('\n'))
}

function saidIn(block: Json, index: number, blocks: readonly Json[]): readonly Exchange[] {
  if (textMember(block, 'type') !== 'text') return []
  const whole = textMember(block, 'text') ?? ''
  if (NUDGES.some((nudge) => nudge.test(whole))) return [{ by: 'client' }]
  const text = whole.replace(REMINDERS, '')
  if (text.trim() === '' || INTERRUPTION.test(text)) return []
  // Two messages of the user that follow each other are sent as one, with a line break between them.
  return [{ by: 'user', text: index < blocks.length - 1 ? text.replace(/\n$/u, '') : text }]
}

/** Content is a text or a list of blocks. */
function blocksOf(message: Json): readonly Json[] {
  const text = textMember(message, 'content')
  return text === undefined ? listMember(message, 'content') : [{ type: 'text', text }]
}

function textsOf(message: Json): readonly string[] {
  return blocksOf(message).flatMap((block) => textMember(block, 'text') ?? [])
}

/** Instructions may also come in mid-conversation, as messages of the role `system`. */
function isInstruction(message: Json): boolean {
  return textMember(message, 'role') === 'system'
}

function workingDirectory(instructions: readonly Json[]): string | undefined {
  for (const one of instructions) {
    for (const text of [textMember(one, 'text') ?? '', ...textsOf(one)]) {
      const found = WORKING_DIRECTORY.exec(text)?.[1]
      if (found !== undefined) return found.trim()
    }
  }
  return undefined
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
