/** Runs turns of the claude backend on the real Claude Code. */
import type { AgentBackend, AgentEvent, TurnRequest } from '../../src/agent-backend.ts'
import { claudeBackend } from '../../src/agent-backends/claude.ts'
import type { ClaudeConfig } from '../../src/agent-backends/claude/config.ts'
import type { ModelServer } from '../../src/model-server/server.ts'
import { requestOf, type TurnResult } from '../agent-backends/support.ts'
import { claudeBinary, claudeSettings, type ClaudeAccount, type ClaudePlace } from './support.ts'

export interface AgentRun extends Partial<TurnRequest> {
  readonly account?: ClaudeAccount
  readonly config?: ClaudeConfig
  readonly signal?: AbortSignal
  /** Told of each event as it comes. */
  readonly onEvent?: (event: AgentEvent) => void
}

/** The backend with the pinned Claude Code. */
export function pinnedBackend(config: ClaudeConfig = {}): AgentBackend {
  return claudeBackend({ config: { executable: claudeBinary(), ...config } })
}

/** The request of a turn in a place. */
export function agentRequest(place: ClaudePlace, server: ModelServer, run: AgentRun): TurnRequest {
  const { account, config: _config, signal: _signal, onEvent: _onEvent, env, ...fields } = run
  return requestOf({
    turn: place.turn,
    cwd: place.project,
    ...fields,
    env: { ...claudeSettings(place, server, account), ...env },
  })
}

/** Runs a turn to its end. */
export async function runAgent(place: ClaudePlace, server: ModelServer, run: AgentRun): Promise<TurnResult> {
  const { config, signal = new AbortController().signal, onEvent } = run
  const events: AgentEvent[] = []
  for await (const event of pinnedBackend(config).run(agentRequest(place, server, run), signal)) {
    events.push(event)
    onEvent?.(event)
  }
  const last = events.at(-1)
  if (last?.t !== 'end') throw new Error('The stream has no end.')
  return { events, outcome: last.outcome }
}
