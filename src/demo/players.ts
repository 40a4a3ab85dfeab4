/** Who plays the agents of a demo: scripted ones, or a real coding agent. */
import type { AgentBackend } from '../agent-backend.ts'
import { scriptedBackend } from '../agent-backends/scripted.ts'
import type { AgentOptions } from '../facade/contract.ts'
import type { Part } from './direct-story.ts'
import { ruleOf } from './script.ts'
import { callText } from './telling.ts'

export interface Players {
  /** Id of the backend that runs them. */
  readonly backend: string
  /** Backends that the workshop does not bring itself. */
  readonly backends: readonly AgentBackend[]
  /** What a watcher has to know before it begins: what is real, and who pays. */
  readonly about: string
  /** The program that plays, with its version and path. */
  readonly program?: string
  readonly costsTitle: string
  /** What every agent is told before its role. */
  readonly context?: string
  /** Limit of all spending, USD. */
  readonly maxCostUsd?: number
  /** What a watcher may like to see after this, for the project in a folder. */
  readonly next: (dir: string) => readonly Hint[]
  /** What an agent gets beyond its role. */
  readonly options: (agent: Part['agent']) => AgentOptions
  close(): Promise<void>
}

/** A command, and what it is good for. */
export interface Hint {
  readonly why: string
  readonly command: string
}

/** The demo on the user's account. */
export const ON_ACCOUNT: Hint = {
  why: 'the same by Claude Code on your account, within a small budget',
  command: `${callText('demo')} --backend claude`,
}

const ON_MODEL_SERVER: Hint = {
  why: 'the same by the real Claude Code on a scripted model, without an account',
  command: `${callText('demo')} --backend claude --model-server`,
}

export function scriptedPlayers(story: readonly Part[], isWatched: boolean): Players {
  const rules = story.map((part) => ruleOf({ agent: part.agent, turn: part.turn }, part, isWatched))
  return {
    backend: 'scripted',
    backends: [scriptedBackend({ script: { rules } })],
    about:
      'What the agents say is scripted: no account, no network. Files, test runs, the commit and every record are real.',
    costsTitle: 'The costs, as the scripted agents report them',
    next: () => [ON_MODEL_SERVER, ON_ACCOUNT],
    options: () => ({}),
    close: () => Promise.resolve(),
  }
}
