/** What a run would do, as it is told. Money is USD. */
import type { ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'
import type { GraphNode } from '../workflow/graph.ts'

/** What one stage may cost. */
export interface PlannedCost {
  /** What is set aside for one turn; null where no agent takes turns. */
  readonly turnUsd: number | null
  /** `cap`: the agent's own limit; `recent`: what nine of ten turns of its profile stayed below; `assumed`: nothing is known. */
  readonly basis: 'cap' | 'recent' | 'assumed' | null
  /** At most. */
  readonly rounds: number
  /** One round that goes well; 0 where a condition may skip it. */
  readonly minCostUsd: number
  /** Every round with every try; null where nothing bounds it, such as a list that is not known yet. */
  readonly maxCostUsd: number | null
}

export interface StagePlan extends PlannedCost, Pick<GraphNode, 'kind' | 'wave' | 'who' | 'notes'> {
  readonly stage: string
  /** The agent that does it where no worker of its type runs. */
  readonly agent: string | null
  /** The profile that it has, or would be made from. */
  readonly profile: string | null
  readonly type: string | null
  /** A board worker of its type that runs now. */
  readonly worker: string | null
  /** The agent is there already. */
  readonly isMade: boolean
}

export interface RunPlan {
  readonly workflow: string
  readonly stages: readonly StagePlan[]
  /** The ids of what can run together, in order. */
  readonly waves: readonly (readonly string[])[]
  /** With their defaults. */
  readonly inputs: Readonly<Record<string, Json>>
  /** What its stages take from; `bytes` is null for a file that is missing. */
  readonly files: readonly { readonly path: string; readonly bytes: number | null }[]
  readonly minCostUsd: number
  /** Null where nothing bounds it. */
  readonly maxCostUsd: number | null
  /** The limit of the workflow itself. */
  readonly budgetUsd: number | null
  /** Why it would not start. */
  readonly problems: readonly ErrorData[]
}
