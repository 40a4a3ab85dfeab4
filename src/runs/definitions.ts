/** Definitions of workflows by their hash, with what follows from each: plans, and what its stages post. They never change. */
import { toWanted, type Wanted } from '../agents/capability.ts'
import type { Doer, ItemDefinition, StageWork } from '../board/definition.ts'
import { priorityLevel } from '../board/priority.ts'
import { RETRY_PRESETS } from '../board/retry-policy.ts'
import { DEFAULT_REWORK } from '../board/rework.ts'
import { hashText, packText, type Blob } from '../ids.ts'
import { canonicalJson, type StoredText } from '../json.ts'
import type { Reader } from '../store.ts'
import { AtelierError } from '../errors.ts'
import type { ChildWork, StageDefinition, Work, WorkflowDefinition } from '../workflow/definition.ts'
import { planOf, type Plan } from '../workflow/plan.ts'

/** A definition with what every step of its runs needs. */
export interface KnownDefinition {
  readonly hash: string
  readonly definition: WorkflowDefinition
  readonly plan: Plan
  stage(id: string): StageDefinition | undefined
  /** What the items of a stage are posted with; made when it is first asked for. */
  posting(stage: StageDefinition, work: PostedWork): Posting
  /** Stages that may write at the same time as others: each has a change of its own. */
  readonly parallelWriters: ReadonlySet<string>
}

/** Work that is done by an item. */
export type PostedWork = Exclude<Work, ChildWork> | { readonly kind: 'join' }

/** What does not differ between the items of a stage. */
export interface Posting {
  readonly type: string
  readonly priority: number
  readonly capability: Wanted | null
  readonly definition: StoredText
  readonly blobs: readonly Blob[]
}

/** Enough for the workflows of a project and the bodies of their loops. */
const KNOWN = 200
const known = new Map<string, KnownDefinition>()

/** Reads a definition by its hash. */
export async function definitionBy(reader: Pick<Reader, 'blob'>, hash: string): Promise<KnownDefinition> {
  const before = known.get(hash)
  if (before !== undefined) return before
  const body = await reader.blob(hash)
  if (body === undefined)
    throw new AtelierError('store_corrupt', `The definition ${hash} of a workflow is gone.`, {
      details: { definition: hash },
    })
  const made = knownDefinition(hash, JSON.parse(body) as WorkflowDefinition)
  if (known.size >= KNOWN) known.clear()
  known.set(hash, made)
  return made
}

/** A definition, and those within it that run as runs of their own, as the blobs that hold them. */
export function packDefinition(definition: WorkflowDefinition): {
  readonly hash: string
  readonly blobs: readonly Blob[]
} {
  const body = canonicalJson(definition)
  const hash = hashText(body)
  const blobs: Blob[] = [{ hash, body }]
  const made = knownDefinition(hash, definition)
  for (const stage of definition.stages) {
    const work = workOf(stage)
    if (work === undefined) continue
    if (work.kind !== 'workflow') blobs.push(...made.posting(stage, work).blobs)
    else if (typeof work.workflow !== 'string') blobs.push(...packDefinition(work.workflow).blobs)
  }
  return { hash, blobs }
}

/** The work that a stage posts. */
export function workOf(stage: StageDefinition): Work | { readonly kind: 'join' } | undefined {
  switch (stage.kind) {
    case 'work':
    case 'loop':
    case 'map':
      return stage.work
    case 'gate':
      return stage.judge.by === 'reviewer' ? stage.judge.work : undefined
    case 'join':
      return { kind: 'join' }
    case 'branch':
    case 'wait':
      return undefined
  }
}

/** True for work that changes files on a change. */
export function writes(stage: StageDefinition): boolean {
  const work = workOf(stage)
  switch (work?.kind) {
    case 'agent':
      return work.worktree && work.access === 'write'
    case 'run':
      return work.worktree
    default:
      return false
  }
}

/** True for a stage whose work, or that of the runs within it, changes files. */
export function writesDeep(stage: StageDefinition): boolean {
  const work = workOf(stage)
  if (work?.kind !== 'workflow') return writes(stage)
  // What a workflow of another name does is not known here.
  return typeof work.workflow === 'string' || work.workflow.stages.some(writesDeep)
}

function knownDefinition(hash: string, definition: WorkflowDefinition): KnownDefinition {
  const stages = new Map(definition.stages.map((stage) => [stage.id, stage]))
  const postings = new Map<string, Posting>()
  let plan: Plan | undefined
  let parallel: ReadonlySet<string> | undefined
  return {
    hash,
    definition,
    get plan() {
      return (plan ??= planOf(definition))
    },
    stage: (id) => stages.get(id),
    posting(stage, work) {
      // Nothing of such a stage goes into its item.
      const key = work.kind === 'noop' || work.kind === 'join' ? `:${work.kind}` : stage.id
      let posting = postings.get(key)
      if (posting === undefined) postings.set(key, (posting = makePosting(definition, stage, work)))
      return posting
    },
    get parallelWriters() {
      return (parallel ??= parallelWriters(definition))
    },
  }
}

function parallelWriters(definition: WorkflowDefinition): ReadonlySet<string> {
  const parallel = new Set<string>()
  if (definition.concurrency === 1) return parallel
  const stages = new Map(definition.stages.map((stage) => [stage.id, stage]))
  const writers = definition.stages.filter(writesDeep)
  for (const stage of writers) if (stage.kind === 'map' && stage.limit > 1) parallel.add(stage.id)
  const before = new Map(writers.map(({ id }) => [id, ancestors(id, stages)]))
  for (const [index, a] of writers.entries())
    for (const b of writers.slice(index + 1)) {
      if (before.get(a.id)?.has(b.id) === true || before.get(b.id)?.has(a.id) === true) continue
      parallel.add(a.id)
      parallel.add(b.id)
    }
  return parallel
}

function ancestors(id: string, stages: ReadonlyMap<string, StageDefinition>): ReadonlySet<string> {
  const found = new Set(stages.get(id)?.needs)
  // It grows while it is read.
  for (const each of found) for (const need of stages.get(each)?.needs ?? []) found.add(need)
  return found
}

/** Board workers take no word with a colon for a type of their own, so that these stay apart. */
const ENGINE = 'engine:'

/** The type of the items that do nothing. */
export const NOOP_TYPE: string = `${ENGINE}noop`

/** The type of the items that an engine does; null for agents. */
export function engineType(doer: Doer): string | null {
  switch (doer.by) {
    case 'agent':
      return null
    case 'fn':
      return `${ENGINE}fn:${doer.fn}`
    default:
      return `${ENGINE}${doer.by}`
  }
}

/** The type of items that only a certain agent does. */
function agentType(agent: string): string {
  return `agent:${agent}`
}

function makePosting(definition: WorkflowDefinition, stage: StageDefinition, work: PostedWork): Posting {
  const { stored, blobs } = packText(canonicalJson(itemDefinition(definition, stage, work)))
  const doer = doerOf(work)
  return {
    type: engineType(doer) ?? (work.kind === 'agent' ? typeOf(work) : ENGINE),
    priority: priorityLevel(work.kind === 'agent' ? work.priority : 'normal'),
    capability: work.kind === 'agent' && work.capability !== null ? toWanted(work.capability) : null,
    definition: stored,
    blobs,
  }
}

function typeOf({
  type,
  agent,
  profile,
  capability,
}: Extract<PostedWork, { readonly kind: 'agent' }>): string {
  return type ?? agentType(agent ?? profile ?? capability ?? 'any')
}

function doerOf(work: PostedWork): Doer {
  switch (work.kind) {
    case 'agent':
      return { by: 'agent', agent: work.agent, profile: work.profile }
    case 'run':
      return { by: 'run', command: work.run, output: work.output }
    case 'fn':
      return { by: 'fn', fn: work.fn }
    case 'noop':
      return { by: 'noop' }
    case 'join':
      return { by: 'join' }
  }
}

/** What an item of a stage that is no agent's has where an agent's says something. */
export const PLAIN: Omit<ItemDefinition, 'work'> = {
  spec: null,
  input: null,
  verify: [],
  retry: RETRY_PRESETS.none,
  fallback: [],
  timeoutMs: null,
  maxCostUsd: null,
  agent: null,
  access: 'write',
  merge: 'auto',
  rework: null,
  metadata: null,
}

function itemDefinition(
  { integrate }: WorkflowDefinition,
  stage: StageDefinition,
  work: PostedWork,
): ItemDefinition {
  const own: StageWork = {
    doer: doerOf(work),
    worktree: work.kind === 'join' || (work.kind !== 'fn' && work.kind !== 'noop' && work.worktree),
    integrate,
    output: work.kind === 'agent' ? outputOf(stage, work) : null,
    session: work.kind === 'agent' ? work.session : 'fresh',
  }
  if (work.kind === 'agent') {
    const { spec, verify, retry, fallback, timeoutMs, maxCostUsd, agent, profile, access } = work
    return {
      ...PLAIN,
      spec,
      verify,
      retry,
      fallback,
      timeoutMs,
      maxCostUsd,
      rework: DEFAULT_REWORK,
      agent: agent ?? profile,
      access,
      work: own,
    }
  }
  const retry = work.kind === 'run' || work.kind === 'fn' ? work.retry : RETRY_PRESETS.none
  const timeoutMs = work.kind === 'run' || work.kind === 'fn' ? work.timeoutMs : null
  return { ...PLAIN, retry, timeoutMs, work: own }
}

/** What a reviewer answers with where the workflow does not say it: any of the words that a gate takes. */
const VERDICT: StageWork['output'] = {
  type: 'object',
  properties: {
    verdict: { type: 'string', description: 'approve, request_changes or veto' },
    score: { type: 'number', minimum: 0, maximum: 100 },
    issues: {
      type: 'array',
      items: {
        anyOf: [
          { type: 'string' },
          {
            type: 'object',
            properties: {
              severity: { type: 'string', description: 'critical, high, medium or low' },
              location: { type: 'string', description: 'file:line' },
              text: { type: 'string', description: 'what is wrong, and what would be right' },
            },
            required: ['text'],
          },
        ],
      },
    },
    feedback: { type: 'string' },
  },
}

function outputOf(
  stage: StageDefinition,
  { output }: Extract<Work, { readonly kind: 'agent' }>,
): StageWork['output'] {
  return output ?? (stage.kind === 'gate' ? VERDICT : null)
}
