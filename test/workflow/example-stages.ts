/** Definitions with plausible values, of which a test names only what it is about. */
import type {
  AgentWork,
  BranchStage,
  Expression,
  GateStage,
  JoinStage,
  LoopStage,
  MapStage,
  NoWork,
  StageDefinition,
  WaitStage,
  WorkflowDefinition,
  WorkStage,
} from '../../src/workflow/definition.ts'

const NOOP: NoWork = { kind: 'noop' }

/** A reviewer's work. */
const REVIEW: AgentWork = {
  kind: 'agent',
  agent: 'reviewer',
  profile: null,
  capability: null,
  type: null,
  priority: 3,
  spec: null,
  output: null,
  retry: { attempts: 1, delaysMs: [], jitter: 0, simplifyOnLast: false, retryOn: null },
  fallback: [],
  timeoutMs: null,
  maxCostUsd: null,
  verify: [],
  worktree: false,
  access: 'read',
  session: 'fresh',
  consult: null,
} as unknown as AgentWork

export function workflow(
  stages: readonly StageDefinition[],
  changes: Partial<WorkflowDefinition> = {},
): WorkflowDefinition {
  return {
    name: 'feature',
    description: null,
    inputs: {},
    stages,
    result: null,
    concurrency: 4,
    maxSteps: 1000,
    budgetUsd: null,
    integrate: 'end',
    concurrentRuns: false,
    ...changes,
  }
}

type Changes<Stage> = Partial<Omit<Stage, 'id' | 'needs' | 'kind'>>

function stageOf(id: string, needs: readonly string[]) {
  return { id, title: id, needs, from: [], when: null, arm: null, onFailure: 'fail' } as const
}

export function work(id: string, needs: readonly string[] = [], changes: Changes<WorkStage> = {}): WorkStage {
  return { ...stageOf(id, needs), kind: 'work', work: NOOP, ...changes }
}

export function loop(id: string, needs: readonly string[] = [], changes: Changes<LoopStage> = {}): LoopStage {
  const rule = { until: 'score >= 70', maxRounds: 3, onExhausted: 'fail' } as const
  return { ...stageOf(id, needs), kind: 'loop', work: NOOP, ...rule, ...changes }
}

export function map(id: string, needs: readonly string[] = [], changes: Changes<MapStage> = {}): MapStage {
  const rule = { over: 'inputs.list', limit: 2, policy: 'continue' } as const
  return { ...stageOf(id, needs), kind: 'map', work: NOOP, ...rule, ...changes }
}

/** A gate that rejects to a stage by what that says of itself. */
export function gate(id: string, needs: readonly string[], changes: Changes<GateStage> = {}): GateStage {
  const rule = { maxRounds: 3, onExhausted: 'fail', onReject: needs[0] ?? null } as const
  return {
    ...stageOf(id, needs),
    kind: 'gate',
    judge: { by: 'expression', pass: 'score >= 70' },
    ...rule,
    ...changes,
  }
}

export function reviewGate(
  id: string,
  needs: readonly string[],
  changes: Changes<GateStage> = {},
): GateStage {
  return gate(id, needs, { judge: { by: 'reviewer', work: REVIEW, pass: 'score >= 70' }, ...changes })
}

export function approval(id: string, needs: readonly string[], changes: Changes<GateStage> = {}): GateStage {
  const judge = { by: 'person', question: 'Ship it?', timeoutMs: null, onTimeout: null } as const
  return gate(id, needs, { judge, onReject: null, ...changes })
}

export function branch(
  id: string,
  needs: readonly string[],
  cases: Readonly<Record<string, Expression>>,
  otherwise: string | null = null,
): BranchStage {
  const named = Object.entries(cases).map(([name, when]) => ({ name, when }))
  return { ...stageOf(id, needs), kind: 'branch', cases: named, otherwise }
}

export function wait(id: string, needs: readonly string[], until: WaitStage['until']): WaitStage {
  return { ...stageOf(id, needs), kind: 'wait', until }
}

export function join(id: string, needs: readonly string[]): JoinStage {
  return { ...stageOf(id, needs), kind: 'join' }
}

/** A stage on an arm of a branch. */
export function arm<Stage extends StageDefinition>(stage: Stage, of: string, name: string): Stage {
  return { ...stage, arm: { branch: of, case: name } }
}
