/** The story of the direct demo for the scripted backend. */
import type { Script, ScriptRule, Step } from '../agent-backends/scripted/script.ts'
import type { Act, Part } from './direct-story.ts'

/** @param paceMs pause between two steps */
export function directScript(story: readonly Part[], paceMs: number): Script {
  return { rules: story.map((part) => ruleOf(part, paceMs)) }
}

function ruleOf({ agent, turn, acts, usage, costUsd }: Part, paceMs: number): ScriptRule {
  const pause: Step[] = paceMs === 0 ? [] : [{ delay: paceMs }]
  const steps = acts.flatMap(stepsOf).flatMap((step) => [...pause, step])
  // The answer is the last thing that is said.
  return { agent, turn, steps: [...steps.slice(0, -1), { usage }, { cost: costUsd }, ...steps.slice(-1)] }
}

function stepsOf(act: Act): Step[] {
  if (!('edits' in act)) return [act]
  return act.edits.map(({ path, after }): Step => ({ edit: { path, content: after } }))
}
