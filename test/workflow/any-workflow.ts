/** Random workflows, and what their work gives: always the same for the same stage, round and element. */
import * as fc from 'fast-check'
import type { Json } from '../../src/json.ts'
import type { OnFailure, StageDefinition, WorkflowDefinition } from '../../src/workflow/definition.ts'
import {
  approval,
  arm,
  branch,
  gate,
  join,
  loop,
  map,
  reviewGate,
  wait,
  work,
  workflow,
} from './example-stages.ts'
import type { Inputs } from './row-run.ts'

/** How often work fails for good, and whether gates may send it back. */
export interface Wildness {
  /** No stage fails without something that takes care of it, and nothing is sent back: the order of ends does not matter. */
  readonly isCalm: boolean
}

interface Shape {
  readonly kind: StageDefinition['kind'] | 'review' | 'approval'
  readonly needs: readonly number[]
  readonly when: string | null
  readonly onFailure: OnFailure
  readonly target: number
  readonly limit: number
  readonly policy: 'continue' | 'fail_fast' | { readonly quorum: number }
  readonly exhausted: 'fail' | 'accept_best' | 'escalate'
  readonly arm: 'a' | 'b' | null
  readonly rounds: number
  readonly isTimed: boolean
}

const KINDS = [
  ...[
    'work',
    'work',
    'work',
    'loop',
    'map',
    'gate',
    'review',
    'approval',
    'branch',
    'branch',
    'wait',
    'join',
  ],
] as readonly Shape['kind'][]

const shape: fc.Arbitrary<Shape> = fc.record({
  kind: fc.constantFrom(...KINDS),
  needs: fc.uniqueArray(fc.nat(4), { maxLength: 3 }),
  when: fc.option(fc.constantFrom('inputs.flag', 'true', 'status == "success"', 'score > 50', 'round == 1'), {
    freq: 4,
  }),
  onFailure: fc.constantFrom<OnFailure[]>('fail', 'fail', 'retry', 'skip', 'escalate'),
  target: fc.nat(4),
  limit: fc.integer({ min: 1, max: 3 }),
  policy: fc.constantFrom<Shape['policy'][]>('continue', 'fail_fast', { quorum: 0.5 }),
  exhausted: fc.constantFrom<Shape['exhausted'][]>('fail', 'accept_best', 'escalate'),
  arm: fc.option(fc.constantFrom<('a' | 'b')[]>('a', 'b'), { freq: 1 }),
  rounds: fc.integer({ min: 1, max: 3 }),
  isTimed: fc.boolean(),
})

export function anyDefinition({ isCalm }: Wildness): fc.Arbitrary<WorkflowDefinition> {
  return fc
    .record({
      shapes: fc.array(shape, { maxLength: 10 }),
      concurrency: fc.integer({ min: 1, max: 4 }),
      maxSteps: fc.constantFrom(...(isCalm ? [200] : [200, 200, 6])),
    })
    .map(({ shapes, concurrency, maxSteps }) => {
      const stages: StageDefinition[] = []
      for (const each of shapes) stages.push(stageOf(each, stages, isCalm))
      return workflow(stages, { concurrency, maxSteps })
    })
}

/** A stage that needs some of the last ones before it. */
function stageOf(shape_: Shape, before: readonly StageDefinition[], isCalm: boolean): StageDefinition {
  const id = `${shape_.kind.charAt(0)}${before.length}`
  const back = (by: number): StageDefinition | undefined => before[before.length - 1 - by]
  const needs = shape_.needs.flatMap((by) => back(by)?.id ?? [])
  const onFailure = isCalm ? 'skip' : shape_.onFailure
  const common = { when: needs.length === 0 && shape_.when !== 'inputs.flag' ? null : shape_.when, onFailure }
  const rounds = { maxRounds: shape_.rounds, onExhausted: isCalm ? 'accept_best' : shape_.exhausted } as const
  const onReject = isCalm ? null : (back(shape_.target)?.id ?? null)
  const made = {
    work: () => work(id, needs, common),
    loop: () => loop(id, needs, { ...common, ...rounds }),
    map: () => map(id, needs, { ...common, limit: shape_.limit, policy: shape_.policy }),
    gate: () => gate(id, needs, { ...common, ...rounds, onReject }),
    review: () => reviewGate(id, needs, { ...common, ...rounds, onReject }),
    approval: () => approval(id, needs, { ...common, ...rounds, onReject }),
    branch: () => ({
      ...branch(id, needs, { a: needs.length === 0 ? 'inputs.flag' : 'status == "success"' }, 'b'),
      ...common,
    }),
    wait: () => ({
      ...wait(
        id,
        needs,
        shape_.isTimed
          ? { for: 'time', ms: 100 }
          : { for: 'signal', signal: 'go', timeoutMs: isCalm ? null : 5000 },
      ),
      ...common,
    }),
    join: () => ({ ...join(id, needs), ...common }),
  }[shape_.kind]()
  const chosen = back(needs.length === 0 ? 0 : (shape_.needs[0] as number))
  return shape_.arm !== null && chosen?.kind === 'branch' ? arm(made, chosen.id, shape_.arm) : made
}

export const anyInputs: fc.Arbitrary<Inputs> = fc.record({
  flag: fc.boolean(),
  list: fc.array(fc.nat(9), { maxLength: 5 }),
})

/** How one item ends. */
export type End = { readonly ok: true; readonly result: Json } | { readonly ok: false }

/** Ends that are always the same for the same seed and item. */
export function endOf(seed: number, item: string, failures: number): End {
  let hash = seed
  for (const character of item) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0
  hash = (hash ^ (hash >>> 12)) >>> 0
  const pick = hash % 100
  if (pick < failures) return { ok: false }
  const score = (hash >>> 8) % 101
  const results: readonly Json[] = [
    { score },
    { score, issues: ['x'] },
    { verdict: score > 50 ? 'approved' : 'reject', score },
    { status: score > 50 ? 'success' : 'failure', score },
    { verdict: 'veto', score },
    null,
  ]
  return { ok: true, result: results[(hash >>> 16) % results.length] as Json }
}
