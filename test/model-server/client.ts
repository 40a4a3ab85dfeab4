/** A client as plain as can be: it speaks Anthropic Messages with `fetch` and shows what came. */
import { afterEach } from 'vitest'

import type { Json } from '../../src/json.ts'
import { startModelServer, type ModelServer } from '../../src/model-server/server.ts'
import type { ModelServerOptions } from '../../src/model-server/scripted-model.ts'

const started: ModelServer[] = []

/** Starts a server that is closed after the test. */
export async function serve(options: ModelServerOptions): Promise<ModelServer> {
  const server = await startModelServer(options)
  started.push(server)
  return server
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.close()))
})

export interface Message {
  readonly role: 'user' | 'assistant' | 'system'
  readonly content: string | readonly Json[]
}

export interface Ask {
  readonly messages: readonly Message[]
  readonly key?: string
  readonly session?: string
  readonly stream?: boolean
  readonly tools?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly system?: readonly Json[]
}

/** The answer as the model's client would build it. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Types of the events, in order. */
  readonly events: readonly string[]
  readonly text: string
  readonly thinking: string
  readonly tools: readonly { readonly id: string; readonly name: string; readonly input: Json }[]
  readonly stop?: string
  readonly usage: Readonly<Record<string, Json>>
  /** The error event that broke it off. */
  readonly error?: Json
}

export function prompt(text: string): Message {
  return { role: 'user', content: [{ type: 'text', text }] }
}

export function toolCall(id: string): Message {
  return { role: 'assistant', content: [{ type: 'tool_use', id, name: 'Bash', input: {} }] }
}

export function toolResult(id: string, output: Json = 'ok', ...more: readonly string[]): Message {
  const texts = more.map((text) => ({ type: 'text', text }))
  return { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: output }, ...texts] }
}

/** Sends a request. */
export function post(server: ModelServer, request: Ask): Promise<Response> {
  const { messages, key = 'fake', session, stream = true, tools = ['Bash'], system = [] } = request
  return fetch(`${server.url}/v1/messages?beta=true`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-api-key': key,
      ...(session !== undefined && { 'x-claude-code-session-id': session }),
      ...request.headers,
    },
    body: JSON.stringify({ model: 'm1', stream, messages, system, tools: tools.map((name) => ({ name })) }),
    ...(request.signal !== undefined && { signal: request.signal }),
  })
}

/** Sends a request and reads the whole streamed answer. */
export async function ask(server: ModelServer, request: Ask): Promise<Answer> {
  const response = await post(server, request)
  return answerOf(response, await response.text())
}

/** Asks with a single prompt, and says what was answered. */
export async function say(server: ModelServer, text: string, more: Partial<Ask> = {}): Promise<string> {
  return (await ask(server, { messages: [prompt(text)], ...more })).text
}

interface Event {
  readonly type: string
  readonly index: number
  readonly content_block: { readonly type: string; readonly id: string; readonly name: string }
  readonly delta: Readonly<Record<string, string>>
  readonly usage: Readonly<Record<string, Json>>
  readonly error: Json
}

/** Parses a stream as the specification of server-sent events says. */
export function eventsOf(body: string): readonly Event[] {
  const blocks = body.split('\n\n').filter((block) => block !== '')
  return blocks.map((block) => {
    const [name = '', data = ''] = block.split('\n')
    const event = JSON.parse(data.replace(/^data: /u, '')) as Event
    if (name !== `event: ${event.type}`) throw new Error(`The name of an event and its type differ: ${block}`)
    return event
  })
}

function answerOf({ status, headers }: Response, body: string): Answer {
  const streamed = headers.get('content-type')?.startsWith('text/event-stream') === true
  const events = streamed ? eventsOf(body) : []
  const deltas = (type: string, field: string, index?: number): string =>
    events
      .filter((one) => one.delta?.['type'] === type && (index === undefined || one.index === index))
      .map((one) => one.delta[field])
      .join('')
  const begun = events.filter(({ type }) => type === 'content_block_start')
  const end = events.find(({ type }) => type === 'message_delta')
  const failed = events.find(({ type }) => type === 'error')
  const error = streamed ? failed?.error : (JSON.parse(body) as { readonly error?: Json }).error
  return {
    status,
    headers,
    events: events.map(({ type }) => type),
    text: deltas('text_delta', 'text'),
    thinking: deltas('thinking_delta', 'thinking'),
    tools: begun
      .filter((one) => one.content_block.type === 'tool_use')
      .map(({ index, content_block: { id, name } }) => ({
        id,
        name,
        input: JSON.parse(deltas('input_json_delta', 'partial_json', index)) as Json,
      })),
    ...(end?.delta['stop_reason'] !== undefined && { stop: end.delta['stop_reason'] }),
    usage: end?.usage ?? {},
    ...(error !== undefined && { error }),
  }
}
