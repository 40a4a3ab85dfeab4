/** A workshop that runs workflows on scripted agents, and stages to run. */
import { RETRY_PRESETS } from '../../src/board/retry-policy.ts'
import type { RunHandle } from '../../src/facade/workflow-contract.ts'
import type { AgentWork, RunWork, Source } from '../../src/workflow/definition.ts'
import type { TestBoard } from '../workers/board.ts'

/** One turn of an agent, in the project folder and without another try. */
export function turnOf(agent: string | null, changes: Partial<AgentWork> = {}): AgentWork {
  return {
    kind: 'agent',
    agent,
    profile: null,
    capability: null,
    type: null,
    priority: 'normal',
    spec: null,
    output: null,
    retry: RETRY_PRESETS.none,
    fallback: [],
    timeoutMs: null,
    maxCostUsd: null,
    verify: [],
    worktree: false,
    access: 'write',
    session: 'fresh',
    consult: null,
    ...changes,
  }
}

export function command(run: string, changes: Partial<RunWork> = {}): RunWork {
  return {
    kind: 'run',
    run,
    env: {},
    timeoutMs: 60_000,
    retry: RETRY_PRESETS.none,
    worktree: false,
    output: 'text',
    ...changes,
  }
}

export function stages(...ids: readonly string[]): readonly Source[] {
  return ids.map((stage) => ({ stage }))
}

/** Long enough for a machine that has other things to do. */
export const ENDED: { readonly timeout: string } = { timeout: '30s' }

/** How each stage stands, by id. */
export async function standing(run: RunHandle): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await run.status()).stages.map(({ stage, status }) => [stage, status]))
}

/** The prompts that an agent got, in order. */
export function promptsTo({ backend }: TestBoard, agent: string): readonly string[] {
  return backend.requests.filter((request) => request.agent === agent).map(({ prompt }) => prompt)
}
