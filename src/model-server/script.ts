/** Which step of which scenario answers a request, and what goes wrong before it does. */
import type { Json } from '../json.ts'
import type { Position } from './conversation.ts'
import { LAST_WORD, type Fault, type Scenarios, type Step } from './scenario.ts'

/** A key such as `fake-edit` chooses the scenario `edit`. */
const KEY_PREFIX = 'fake-'
const DEFAULT_SCENARIO = 'default'

export type Choice =
  | { readonly ok: true; readonly scenario: string; readonly step: Step }
  | { readonly ok: false; readonly message: string }

/**
 * Chooses by the marker of the last prompt, else by the key, else the default. Of the scenario so named, `NAME#2`
 * is the one for the second prompt of a session.
 */
export function choose(scenarios: Scenarios, position: Position, key: string): Choice {
  const names = Object.keys(scenarios)
  const byKey = key.startsWith(KEY_PREFIX) ? key.slice(KEY_PREFIX.length) : DEFAULT_SCENARIO
  const named = position.scenario ?? byKey
  const ofPrompt = `${named}#${position.prompts.length}`
  const wanted = names.includes(ofPrompt) ? ofPrompt : named
  if (!names.includes(wanted) && wanted !== DEFAULT_SCENARIO) {
    // A misspelt name must be seen at once, and not be answered by whatever is the default.
    return {
      ok: false,
      message: `The model server has no scenario "${wanted}"; it has: ${names.join(', ')}.`,
    }
  }
  const step = scenarios[wanted]?.[position.step] ?? { text: LAST_WORD }
  return { ok: true, scenario: wanted, step: substituted(step, position) }
}

/** The step with everything in `@…@` filled in; faults stay as they are. */
function substituted(step: Step, position: Position): Step {
  const values: Readonly<Record<string, string>> = {
    PROMPT: position.prompt,
    PROMPT_BYTES: String(Buffer.byteLength(position.prompt)),
    TURN_NUMBER: String(position.prompts.length),
    CWD: position.cwd,
    LAST: position.lastOutput,
  }
  const fill = (text: string): string =>
    text.replace(/@([A-Z_]+)@/gu, (whole, name: string) => values[name] ?? whole)
  return {
    ...step,
    ...(step.think !== undefined && { think: fill(step.think) }),
    ...(step.text !== undefined && { text: fill(step.text) }),
    ...(step.tools !== undefined && {
      tools: step.tools.map(({ name, input }) => ({ name, input: filled(input, fill) as typeof input })),
    }),
  }
}

function filled(value: Json, fill: (text: string) => string): Json {
  if (typeof value === 'string') return fill(value)
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((one: Json) => filled(one, fill))
  const members = Object.entries(value as Readonly<Record<string, Json>>)
  return Object.fromEntries(members.map(([name, one]) => [name, filled(one, fill)]))
}

/** Counts how often a fault of a step has happened: the only thing that the server remembers. */
export class FaultCounter {
  readonly #counts = new Map<string, number>()

  /** The fault that this request meets; `undefined` if it is answered. `place` names turn and step. */
  next(place: string, faults: readonly Fault[] = []): Fault | undefined {
    const met = this.#counts.get(place) ?? 0
    let sum = 0
    for (const fault of faults) {
      sum += fault.times ?? Number.POSITIVE_INFINITY
      if (met >= sum) continue
      this.#counts.set(place, met + 1)
      return fault
    }
    return undefined
  }
}
