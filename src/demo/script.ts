/** A story of a demo for the scripted backend. */
import type { ScriptRule, Step } from '../agent-backends/scripted/script.ts'
import type { Act, Played } from './story.ts'

/** Between two steps of an agent, so that a person can follow; nobody follows a pipe. */
const PACE_MS = 350

/** When a part of a story is played. */
export type Cue = Pick<ScriptRule, 'agent' | 'match' | 'turn'>

/** @param isWatched with a pause between two steps */
export function ruleOf(cue: Cue, { acts, usage, costUsd }: Played, isWatched: boolean): ScriptRule {
  const pause: Step[] = isWatched ? [{ delay: PACE_MS }] : []
  const steps = acts.flatMap(stepsOf).flatMap((step) => [...pause, step])
  // The answer is the last thing that is said.
  return { ...cue, steps: [...steps.slice(0, -1), { usage }, { cost: costUsd }, ...steps.slice(-1)] }
}

function stepsOf(act: Act): Step[] {
  if (!('edits' in act)) return [act]
  return act.edits.map(({ path, after }): Step => ({ edit: { path, content: after } }))
}
