/** Receives requests over every wire, and answers each as its script says. */
import type { IncomingMessage, ServerResponse } from 'node:http'

import { messageOf } from '../errors.ts'
import { hashText } from '../ids.ts'
import type { Json } from '../json.ts'
import type { Clock } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { positionOf } from './conversation.ts'
import { Quotas } from './quotas.ts'
import { send, type Plan } from './reply.ts'
import { accountOf, keyOf, publicHeaders, RequestLog, type ModelRequest } from './request-log.ts'
import { DEFAULT_USAGE, type Fault, type Quota, type Refusal, type Scenarios, type Step } from './scenario.ts'
import { choose, FaultCounter } from './script.ts'
import type { Wire, WireAnswer } from './wire.ts'
import { anthropicWire } from './wires/anthropic.ts'

const WIRES: readonly Wire[] = [anthropicWire]
const KEPT_BODIES = 1000

export interface ModelServerOptions {
  readonly scenarios: Scenarios
  /** Default: a free one. */
  readonly port?: number
  /** Default: 127.0.0.1. */
  readonly host?: string
  /** A file to which the requests are appended, a line of JSON each, and a line when each ends. */
  readonly log?: string
  /** Of so many requests the bodies are kept in memory; default 1000. */
  readonly keep?: number
  /** Limits by account: by the client's key, if that begins with `fake`. */
  readonly quotas?: Readonly<Record<string, Quota>>
  /** What requests without tools are answered with; default `ok`. */
  readonly side?: string
  /** For the delays of steps and the reset of quotas; default: the system's. */
  readonly clock?: Clock
}

/** What the server knows of one request before it answers. */
interface Received {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly key: string
  readonly text: string
}

export class ScriptedModel {
  readonly log: RequestLog
  readonly #options: ModelServerOptions
  readonly #clock: Clock
  readonly #quotas: Quotas
  readonly #faults = new FaultCounter()
  readonly #serving = new Set<Promise<void>>()

  constructor(options: ModelServerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.log = new RequestLog(options.keep ?? KEPT_BODIES, options.log)
    this.#quotas = new Quotas(options.quotas ?? {}, this.#clock)
  }

  /** Answers one request; never throws. */
  serve(incoming: IncomingMessage, response: ServerResponse): void {
    const serving = this.#serve(incoming, response).catch((error: unknown) => {
      // A script that cannot be sent, such as a header with a line break: the client is told.
      if (!response.headersSent) response.writeHead(500)
      response.end(`The model server failed: ${messageOf(error)}`)
    })
    this.#serving.add(serving)
    void serving.finally(() => this.#serving.delete(serving))
  }

  /** Resolves when no request is served any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#serving)
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = await receive(incoming)
    // It went before it had said what it wants.
    if (received === undefined) return
    const { request, plan } = this.#answer(received)
    this.log.answering(request, plan.status)
    const end = await send(response, plan, this.#clock)
    this.log.ended(request, end, this.#clock.now())
  }

  #answer(received: Received): { readonly request: ModelRequest; readonly plan: Plan } {
    const { method, path, headers, key, text } = received
    const body = parsed(text)
    const wire = WIRES.find((one) => one.accepts(method, path))
    const conversation = wire?.read({ path, headers, body })
    const base = {
      at: this.#clock.now(),
      wire: wire?.name ?? '',
      method,
      path,
      headers: publicHeaders(headers),
      body,
      account: accountOf(key),
    }
    if (wire === undefined || conversation === undefined) {
      const request = this.log.add({ ...base, kind: 'other', prompts: [], step: 0 })
      return { request, plan: wire === undefined ? aside(method, path) : wire.refuse(NOT_UNDERSTOOD) }
    }
    const position = positionOf(conversation)
    const choice = choose(this.#options.scenarios, position, key)
    const { model, session, side, stream } = conversation
    const request = this.log.add({
      ...base,
      kind: side ? 'side' : 'step',
      model,
      prompts: position.prompts,
      step: position.step,
      ...(session !== undefined && { session }),
      ...(choice.ok && !side && { scenario: choice.scenario }),
    })
    const limit = this.#quotas.call(request.account)
    if (limit !== undefined) return { request, plan: wire.refuse(wire.limitReached(limit)) }
    if (!side && !choice.ok) return { request, plan: wire.refuse({ status: 400, message: choice.message }) }
    const step = side || !choice.ok ? { text: this.#options.side ?? 'ok' } : choice.step
    const id = hashText(text).slice(0, 20)
    const answer = planOf(wire, step, answerOf(step, { id, model, stream }))
    const place = `${request.session ?? position.prompt}#${position.prompts.length}#${position.step}`
    const fault = this.#faults.next(place, step.faults)
    return { request, plan: fault === undefined ? answer : faultPlan(wire, fault, answer, stream) }
  }
}

const NOT_UNDERSTOOD: Refusal = { status: 400, message: 'The request has no model or no messages.' }

/** What every answer is made of; its id comes from the request, so that a retry gets the same. */
function answerOf(step: Step, { id, ...rest }: Pick<WireAnswer, 'id' | 'model' | 'stream'>): WireAnswer {
  const tools = (step.tools ?? []).map((call, index) => ({ ...call, id: `toolu_${id}_${index}` }))
  return {
    id,
    ...rest,
    ...(step.think !== undefined && { think: step.think }),
    ...(step.text !== undefined && { text: step.text }),
    tools,
    stop: step.stop ?? (tools.length > 0 ? 'tools' : 'end'),
    usage: { ...DEFAULT_USAGE, ...step.usage },
  }
}

function planOf(wire: Wire, step: Step, answer: WireAnswer): Plan {
  const { headers, pieces } = wire.write(answer)
  const { waitMs = 0, pieceMs = 0 } = step
  return { status: 200, headers: { ...headers, ...step.headers }, pieces, waitMs, pieceMs }
}

function faultPlan(wire: Wire, fault: Fault, answer: Plan, stream: boolean): Plan {
  if ('status' in fault) return wire.refuse(fault)
  if ('usageLimit' in fault) return wire.refuse(wire.limitReached(fault.usageLimit))
  if ('hang' in fault) return { ...answer, stops: { at: fault.hang, with: 'hang' } }
  if ('drop' in fault) return { ...answer, stops: { at: fault.drop, with: 'drop' } }
  // What is not sent piece by piece cannot break off: it fails.
  if (!stream) return wire.refuse(fault.breakOff)
  return { ...answer, stops: { at: 'midway', with: { last: wire.breakOff(fault.breakOff) } } }
}

/** Answers what is not for the model: probes get their 200, all else its 404. */
function aside(method: string, path: string): Plan {
  const headers = { 'content-type': 'application/json' }
  if (method === 'HEAD') return { status: 200, headers, pieces: [] }
  for (const wire of WIRES) {
    const found = wire.aside?.(method, path)
    if (found !== undefined) return { status: 200, headers, pieces: [JSON.stringify(found)] }
  }
  const message = `The model server does not know ${method} ${path}.`
  return { status: 404, headers, pieces: [JSON.stringify({ error: { message } })] }
}

async function receive(incoming: IncomingMessage): Promise<Received | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
  } catch {
    return undefined
  }
  const entries = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)] as const)
  const headers = Object.fromEntries(entries)
  const { method = 'GET', url: path = '/' } = incoming
  return { method, path, headers, key: keyOf(headers), text: Buffer.concat(chunks).toString('utf8') }
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    return null
  }
}
