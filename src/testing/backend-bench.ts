/** Runs turns on a backend under test, and checks what must hold for every one of them. */
import { equal, ok } from 'node:assert/strict'

import {
  NO_USAGE,
  type AgentBackend,
  type AgentEvent,
  type TurnOutcome,
  type TurnRequest,
} from '../agent-backend.ts'
import type { FailureKind } from '../agents/failures.ts'
import { newId } from '../ids.ts'
import { processesOf } from '../processes/sweep.ts'
import type { SessionRef, Usage } from '../tables.ts'
import { sleep } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'

/** What the harness makes the agent behind the backend do. */
export type BackendBehaviour =
  /** Answers `Hello.` */
  | 'hello'
  /** Answers with the text of the request. */
  | 'echo'
  /** Answers with the length of that text in UTF-8 bytes. */
  | 'bytes'
  /** Answers with the number of the turn in its session. */
  | 'turn_number'
  /** Says something, starts a process in a session of its own, and goes on until it is ended. */
  | 'hang'
  /** Fails as the harness says. */
  | 'fail'
  /** Ends well and says nothing. */
  | 'empty'
  /** Answers with the environment of a command that it runs, a variable a line. */
  | 'environment'
  /** Reports the usage and the cost that the harness says. */
  | 'usage'

/** How the suite drives one backend. */
export interface BackendHarness {
  /** Makes the backend. Each call gives another instance, as another process would have. */
  open(): AgentBackend | Promise<AgentBackend>
  /** An existing folder for turns to work in. */
  readonly cwd: string
  /** The prompt and settings that bring a behaviour about; `text` is what `echo` and `bytes` are about. */
  turn(behaviour: BackendBehaviour, text: string): Pick<TurnRequest, 'prompt'> & Partial<TurnRequest>
  /** What `fail` fails with. */
  readonly failure: FailureKind
  /** What `usage` reports for one turn. */
  readonly usage: { readonly usage: Usage; readonly costUsd: number }
}

/** One turn that was run. */
export interface TurnResult {
  readonly request: TurnRequest
  readonly events: readonly AgentEvent[]
  readonly outcome: TurnOutcome
}

/** The backend of one case, and the turns that were run on it. */
export class BackendBench {
  readonly harness: BackendHarness
  backend: AgentBackend
  readonly #turns: string[] = []

  constructor(harness: BackendHarness, backend: AgentBackend) {
    this.harness = harness
    this.backend = backend
  }

  /** Starts a turn whose events are read by hand. */
  start(behaviour: BackendBehaviour): AsyncIterator<AgentEvent> {
    const events = this.backend.run(this.#request(behaviour, {}, ''), new AbortController().signal)
    return events[Symbol.asyncIterator]()
  }

  #request(behaviour: BackendBehaviour, extra: Partial<TurnRequest>, text: string): TurnRequest {
    const turn = newId('turn')
    this.#turns.push(turn)
    return {
      turn,
      agent: 'tester',
      cwd: this.harness.cwd,
      env: {},
      ...this.harness.turn(behaviour, text),
      ...extra,
    }
  }

  /** Runs a turn to its end and checks what holds for every stream. */
  async run(
    behaviour: BackendBehaviour,
    extra: Partial<TurnRequest> = {},
    {
      text = '',
      signal = new AbortController().signal,
    }: { readonly text?: string; readonly signal?: AbortSignal } = {},
  ): Promise<TurnResult> {
    const request = this.#request(behaviour, extra, text)
    const events: AgentEvent[] = []
    for await (const event of this.backend.run(request, signal)) events.push(event)
    equal(events.filter((event) => event.t === 'end').length, 1, 'there is exactly one end')
    const last = events.at(-1)
    ok(last?.t === 'end', 'the end is the last event')
    return { request, events, outcome: last.outcome }
  }

  async untilProcessesRun(): Promise<void> {
    await poll('a process of the turn runs', async () => (await this.#processes()) > 1)
  }

  async expectNoProcess(): Promise<void> {
    equal(await this.#processes(), 0, 'no process of a turn is left')
  }

  async reopen(): Promise<void> {
    await this.backend.close()
    this.backend = await this.harness.open()
  }

  async close(): Promise<void> {
    await this.backend.close()
  }

  async #processes(): Promise<number> {
    const found = await Promise.all(this.#turns.map((turn) => processesOf({ markers: { turn } })))
    return found.flat().length
  }
}

const POLL_MS = 10
const DEADLINE_MS = 20_000

async function poll(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isSo()); waited += POLL_MS) {
    if (waited > DEADLINE_MS) throw new Error(`It never came to be: ${what}`)
    await sleep(systemClock, POLL_MS)
  }
}

/** The session that a turn must have named. */
export function sessionOf({ session }: TurnOutcome): SessionRef {
  ok(session !== undefined, 'the turn names its session')
  return session
}

/** The sum of what the events reported. */
export function usageOf(events: readonly AgentEvent[]): Usage {
  const keys = Object.keys(NO_USAGE) as (keyof Usage)[]
  const deltas = events.flatMap((event) => (event.t === 'usage' ? [event.delta] : []))
  const sum = (key: keyof Usage): number => deltas.reduce((total, delta) => total + delta[key], 0)
  return Object.fromEntries(keys.map((key) => [key, sum(key)])) as unknown as Usage
}
