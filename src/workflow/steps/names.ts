/** What the steps of a step file name: all of it exists, and leads somewhere. */
import { isPlainObject } from '../../agents/json-snapshot.ts'
import { fieldName } from '../../agents/shown-values.ts'
import { shownText, type Problems } from '../problems.ts'
import { WORDS, type PlacedStep, type StepLinks } from './links.ts'
import type { Step } from './step-schema.ts'

type Path = readonly PropertyKey[]

/** Where a step stands in its file. */
export function pathOf(index: number): Path {
  return ['workflow', 'steps', index]
}

/** @param raw the steps as they were written, of which some may be wrong themselves */
export function checkNames(problems: Problems, links: StepLinks, raw: unknown): void {
  const known = new Set(idsIn(raw))
  // What a step that is wrong itself would create is not known.
  const isWhole = Array.isArray(raw) && links.steps.length === raw.length
  const seen = new Map<string, number>()
  for (const { step, index } of links.steps) {
    const other = seen.get(step.id)
    if (other === undefined) seen.set(step.id, index)
    else
      problems.add({
        path: [...pathOf(index), 'id'],
        why: `two steps have the id ${shownText(step.id)}, this one and ${fieldName(pathOf(other))}; ids are unique`,
      })
    checkTargets(problems, { step, index }, known)
    if (isWhole) checkArtifacts(problems, links, { step, index })
    checkExperts(problems, { step, index })
    checkWays(problems, links, { step, index })
  }
}

interface Target {
  readonly path: Path
  readonly id: string | undefined
  /** What may stand there and is no id. */
  readonly words: readonly string[]
}

function targetsOf({ next, gate, optional_steps: optional = [] }: Step): readonly Target[] {
  return [
    { path: ['next'], id: next, words: [] },
    { path: ['gate', 'on_pass'], id: gate?.on_pass, words: WORDS.slice(0, 1) },
    { path: ['gate', 'on_fail'], id: gate?.on_fail, words: WORDS },
    ...optional.map((id, index): Target => ({ path: ['optional_steps', index], id, words: [] })),
  ]
}

function checkTargets(problems: Problems, { step, index }: PlacedStep, known: ReadonlySet<string>): void {
  for (const { path, id, words } of targetsOf(step))
    if (id !== undefined && !known.has(id) && !words.includes(id))
      problems.addUnknown({
        code: 'unknown_dependency',
        path: [...pathOf(index), ...path],
        name: id,
        known: [...words, ...known],
        why: `it leads to ${shownText(id)}, and there is no such step`,
      })
}

function checkArtifacts(problems: Problems, links: StepLinks, { step, index }: PlacedStep): void {
  for (const { artifact, index: place } of links.sourcesOf(step).unknown)
    problems.addUnknown({
      code: 'unknown_dependency',
      path: [...pathOf(index), 'requires', place],
      name: artifact,
      known: links.names,
      why: `it requires ${shownText(artifact)}, which no other step creates, and which is no file, as it has neither "/" nor "."`,
    })
}

function checkExperts(problems: Problems, { step, index }: PlacedStep): void {
  for (const [place, expert] of (step.consults ?? []).entries())
    if (expert.includes('*'))
      problems.add({
        code: 'unsupported',
        path: [...pathOf(index), 'consults', place],
        why: `it consults ${shownText(expert)}, which does not say whom; name each agent that is to be asked`,
      })
}

function checkWays(problems: Problems, links: StepLinks, { step, index }: PlacedStep): void {
  const { gate, next } = step
  if (gate === undefined) return
  const { pass, fail } = links.waysOf(step)
  const path = [...pathOf(index), 'gate']
  if (next !== undefined && pass !== next)
    problems.add({
      path: [...path, 'on_pass'],
      why: `on_pass leads to ${shownText(String(pass))} and next to ${shownText(next)}, and only one way leads on; leave next out, or make both the same`,
    })
  else if (fail !== null && fail === pass)
    problems.add({
      path: [...path, 'on_fail'],
      why: `passing and failing both lead to ${shownText(fail)}, so that the gate decides nothing; leave it out, or name another step`,
    })
}

function idsIn(steps: unknown): readonly string[] {
  if (!Array.isArray(steps)) return []
  return steps.flatMap((each: unknown) =>
    isPlainObject(each) && typeof each['id'] === 'string' ? [each['id']] : [],
  )
}
