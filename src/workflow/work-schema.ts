/** What a stage does: turns of agents, commands and functions, with every default filled in. */
import { commandsOf } from '../board/definition-schema.ts'
import { DEFAULT_VERIFY_TIMEOUT_MS } from '../board/definition.ts'
import { toRetryPolicy, type RetryOptions } from '../board/retry-schema.ts'
import { parseDuration, type Duration } from '../time/duration.ts'
import type { AgentWork, FunctionWork, JsonSchema, RunWork } from './definition.ts'
import type { Place } from './expressions.ts'
import type { StageInput } from './input.ts'
import { readSchema } from './json-schema.ts'
import type { StageDefaults, StageDraft } from './stage-draft.ts'
import { isTemplate } from './templates.ts'

/** What says who does a stage. */
export const WHO = ['agent', 'profile', 'capability', 'type'] as const

/** One turn of an agent; undefined where its output has no schema that can be kept. */
export function agentWork(
  draft: StageDraft,
  input: StageInput,
  { fields }: StageDefaults,
  place: Place,
): AgentWork | undefined {
  const defaults = fields as Partial<StageInput>
  const isNamed = WHO.some((key) => input[key] !== undefined)
  // A stage of which only the expert is named is a question to it.
  const isAdvice =
    !isNamed && input.consult !== undefined && defaults.agent === undefined && defaults.profile === undefined
  const output = outputOf(draft, input)
  if (output === undefined) return undefined
  const timeout = input.timeout ?? defaults.timeout
  const consult = isAdvice ? null : (input.consult ?? null)
  // Where there is a stage of this name, it is needed; else it is an agent.
  if (consult !== null) draft.link('need', consult, draft.at('consult'))
  return {
    kind: 'agent',
    agent: (isAdvice ? input.consult : (input.agent ?? (isNamed ? undefined : defaults.agent))) ?? null,
    profile: input.profile ?? (isNamed ? undefined : defaults.profile) ?? null,
    capability: input.capability ?? null,
    type: input.type ?? null,
    priority: input.priority ?? defaults.priority ?? 'normal',
    spec: input.spec === undefined ? null : draft.template(input.spec, ['spec'], place),
    output,
    retry: toRetryPolicy(input.retry ?? defaults.retry),
    fallback: input.fallback ?? [],
    timeoutMs: msOf(timeout),
    maxCostUsd: input.budget ?? null,
    verify: commandsOf(input.verify),
    worktree: input.worktree ?? defaults.worktree ?? false,
    access: input.access ?? (isAdvice ? 'read' : 'write'),
    session: input.session ?? defaults.session ?? 'fresh',
    consult,
  }
}

/** A command takes values as variables only: what agents wrote could be a command of its own in it. */
export function runWork(
  draft: StageDraft,
  input: StageInput,
  { fields }: StageDefaults,
  place: Place,
): RunWork | undefined {
  const run = input.run as string
  if (isTemplate(run)) {
    draft.refuse(
      'run takes no {{ }}, because a value could be a command itself; name it in env, as in env: { NAME: inputs.name }, and write "$NAME"',
      'run',
    )
    return undefined
  }
  const env = Object.entries(input.env ?? {}).map(
    ([name, value]) => [name, draft.expression(value, ['env', name], place)] as const,
  )
  return {
    kind: 'run',
    run,
    env: Object.fromEntries(env),
    timeoutMs: msOf(input.timeout) ?? DEFAULT_VERIFY_TIMEOUT_MS,
    retry: onceUnless(input.retry),
    worktree: input.worktree ?? (fields['worktree'] as boolean | undefined) ?? false,
    output: (input.output as RunWork['output'] | undefined) ?? 'text',
  }
}

export function functionWork(input: StageInput): FunctionWork {
  return {
    kind: 'fn',
    fn: input.fn as string,
    retry: onceUnless(input.retry),
    timeoutMs: msOf(input.timeout),
  }
}

/** A command that failed is mostly a fact, and a function is code: neither is tried again unless that is asked for. */
function onceUnless(retry: RetryOptions | undefined): RunWork['retry'] {
  return toRetryPolicy(retry ?? 'none')
}

/** A duration in ms; null where none is given. */
export function msOf(duration: Duration | undefined): number | null {
  return duration === undefined ? null : parseDuration(duration)
}

function outputOf(draft: StageDraft, { output }: StageInput): JsonSchema | null | undefined {
  if (output === undefined) return null
  const read = readSchema(output)
  if (read.ok) return read.schema
  draft.problems.add({
    path: draft.at('output'),
    code: read.isUnsupported ? 'unsupported' : 'invalid_definition',
    why: `output is no schema that works here: ${read.why}`,
  })
  return undefined
}
