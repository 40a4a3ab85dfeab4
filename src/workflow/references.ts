/** What stages say about each other: everything that is named exists, and what needs what has no cycle. */
import { fieldName } from '../agents/shown-values.ts'
import type { StageDefinition, WorkflowDefinition } from './definition.ts'
import { checkExpression, type Scope } from './expressions.ts'
import { shownText, type Problems } from './problems.ts'
import type { Link, StageDraft, Text } from './stage-draft.ts'
import { checkTemplate } from './templates.ts'

/** A cycle is shown up to this many stages. */
const SHOWN_STAGES = 12

const ROLES: Readonly<Record<Link['role'], string>> = {
  need: 'needs',
  lead: 'leads to',
  arm: 'leads to',
  reject: 'sends back to',
  judge: 'is an arm of',
}

/** The stages with all that they need; problems are added to those of the workflow. */
export function resolve(
  drafts: readonly StageDraft[],
  inputs: WorkflowDefinition['inputs'],
  problems: Problems,
): readonly StageDefinition[] {
  const byId = new Map<string, StageDraft>()
  for (const draft of drafts) {
    const other = byId.get(draft.id)
    if (other === undefined) byId.set(draft.id, draft)
    else
      problems.add({
        path: draft.at('id'),
        why: `two stages have the id ${shownText(draft.id)}, this one and ${fieldName(other.path)}; ids are unique`,
      })
  }
  const graph = new Graph(byId, problems)
  const scope = { stages: new Set(byId.keys()), inputs: new Set(Object.keys(inputs)) }
  for (const draft of drafts) {
    for (const link of draft.links) graph.connect(draft, link)
    for (const text of draft.texts) checkText(draft, text, scope, graph, problems)
  }
  graph.refuseCycles()
  graph.refuseRejections()
  return drafts.flatMap((draft) => {
    const { stage } = draft
    return stage === null ? [] : [graph.complete(stage, draft)]
  })
}

function checkText(
  draft: StageDraft,
  { text, path, place, isTemplate }: Text,
  names: Omit<Scope, 'place'>,
  graph: Graph,
  problems: Problems,
): void {
  if (problems.isFull) return
  const checked = (isTemplate ? checkTemplate : checkExpression)(text, { ...names, place })
  if (!checked.ok) {
    const { why, offset, nearest } = checked
    const what = isTemplate ? 'an expression in it' : shownText(text)
    const is = isTemplate ? 'is not valid' : 'is no valid expression'
    const where = text.includes('\n') ? '' : ` (character ${offset + 1})`
    problems.add({ path, offset, why: `${what} ${is}: ${why}${where}`, nearest })
    return
  }
  for (const stage of checked.stages) {
    if (stage === draft.id)
      problems.add({
        path,
        why: `${shownText(text)} reads the stage itself; result is that of its own round, and previous of the one before`,
      })
    else graph.need(draft.id, stage)
  }
}

/** Who needs whom. */
class Graph {
  readonly #drafts: ReadonlyMap<string, StageDraft>
  readonly #problems: Problems
  readonly #needs = new Map<string, Set<string>>()
  readonly #arms = new Map<string, { readonly branch: string; readonly case: string }>()
  readonly #rejections: (readonly [draft: StageDraft, link: Link])[] = []

  constructor(drafts: ReadonlyMap<string, StageDraft>, problems: Problems) {
    this.#drafts = drafts
    this.#problems = problems
    for (const id of drafts.keys()) this.#needs.set(id, new Set())
  }

  need(id: string, other: string): void {
    this.#needsOf(id).add(other)
  }

  /** Every id that comes here is one of a stage. */
  #needsOf(id: string): Set<string> {
    return this.#needs.get(id) as Set<string>
  }

  connect(draft: StageDraft, link: Link): void {
    if (!this.#drafts.has(link.id)) {
      // An agent may have the same place as a stage here, and it is looked for when a run starts.
      if (link.role === 'need' && link.path.at(-1) === 'consult') return
      this.#problems.addUnknown({
        code: link.role === 'reject' || link.role === 'judge' ? 'invalid_definition' : 'unknown_dependency',
        path: link.path,
        name: link.id,
        known: this.#drafts.keys(),
        why: `it ${ROLES[link.role]} ${shownText(link.id)}, and there is no such stage`,
      })
      return
    }
    switch (link.role) {
      case 'need':
        this.need(draft.id, link.id)
        return
      case 'lead':
        this.need(link.id, draft.id)
        return
      case 'arm':
        this.need(link.id, draft.id)
        this.#takeArm(link.id, { branch: draft.id, case: link.case as string }, link)
        return
      case 'judge':
        this.need(draft.id, link.id)
        this.#takeArm(draft.id, { branch: link.id, case: link.case as string }, link)
        return
      case 'reject':
        this.#rejections.push([draft, link])
    }
  }

  #takeArm(id: string, arm: { readonly branch: string; readonly case: string }, { path }: Link): void {
    const other = this.#arms.get(id)
    this.#arms.set(id, arm)
    if (other !== undefined && (other.branch !== arm.branch || other.case !== arm.case))
      this.#problems.add({
        path,
        why: `stage ${shownText(id)} is an arm of ${other.branch} (${other.case}) and of ${arm.branch} (${arm.case}), and can be one only; let a stage that needs both arms follow them`,
      })
    const branch = this.#drafts.get(arm.branch)?.stage
    if (branch === null || branch === undefined) return
    const cases = branch.kind === 'branch' ? [...branch.cases.map(({ name }) => name), branch.otherwise] : []
    if (!cases.includes(arm.case))
      this.#problems.addUnknown({
        path,
        name: arm.case,
        known: cases.filter((name) => name !== null),
        why: `${arm.branch} ${branch.kind === 'branch' ? `has no case ${shownText(arm.case)}` : 'is no branch'}`,
      })
  }

  /** Takes away what needs nothing, again and again; what is left lies on a cycle or behind one. */
  refuseCycles(): void {
    const unmet = new Map<string, number>()
    const dependents = new Map<string, string[]>()
    for (const [id, needs] of this.#needs) {
      unmet.set(id, needs.size)
      for (const need of needs) {
        const those = dependents.get(need)
        if (those === undefined) dependents.set(need, [id])
        else those.push(id)
      }
    }
    const free = [...unmet].filter(([, count]) => count === 0).map(([id]) => id)
    for (const id of free) {
      unmet.delete(id)
      for (const dependent of dependents.get(id) ?? []) {
        const left = (unmet.get(dependent) as number) - 1
        unmet.set(dependent, left)
        if (left === 0) free.push(dependent)
      }
    }
    const [first] = unmet.keys()
    if (first !== undefined) this.#refuseCycle(this.#cycleFrom(first, unmet))
  }

  /** Of what is left, each needs something that is left, too: whoever follows that comes round. */
  #cycleFrom(start: string, left: ReadonlyMap<string, number>): readonly string[] {
    const path = new Set<string>()
    let at = start
    while (!path.has(at)) {
      path.add(at)
      at = [...this.#needsOf(at)].find((need) => left.has(need)) as string
    }
    const all = [...path]
    return all.slice(all.indexOf(at)).toReversed()
  }

  #refuseCycle(cycle: readonly string[]): void {
    const draft = this.#drafts.get(cycle[0] as string) as StageDraft
    const around = [...cycle, cycle[0]]
    const shown =
      around.length > SHOWN_STAGES ? [...around.slice(0, SHOWN_STAGES - 1), '…', around[0]] : around
    this.#problems.add({
      code: 'circular_dependency',
      path: draft.path,
      why: `these stages wait for each other: ${shown.join(' → ')}; to do work again use a gate with on_reject, or a loop, which have a bound`,
      more: { cycle },
    })
  }

  /** A gate sends back to what lies before it: nothing else rests on what it judges. */
  refuseRejections(): void {
    for (const [draft, link] of this.#rejections)
      if (!this.#isBefore(link.id, draft.id))
        this.#problems.add({
          path: link.path,
          why: `it sends back to ${shownText(link.id)}, which does not lie before it; name a stage that it needs, directly or through others`,
        })
  }

  #isBefore(target: string, id: string): boolean {
    const seen = new Set<string>()
    const open = [id]
    for (const at of open)
      for (const need of this.#needsOf(at)) {
        if (need === target) return true
        if (!seen.has(need)) {
          seen.add(need)
          open.push(need)
        }
      }
    return false
  }

  /** The stage with all that it needs. */
  complete(stage: StageDefinition, { id, path }: StageDraft): StageDefinition {
    const needs = [...this.#needsOf(id)]
    if (stage.kind === 'gate' && needs.length === 0 && stage.judge.by !== 'person')
      this.#problems.add({
        path,
        why: 'this gate needs no stage, so that it has nothing to judge; name it in from or needs',
      })
    return { ...stage, needs, arm: this.#arms.get(id) ?? null }
  }
}
