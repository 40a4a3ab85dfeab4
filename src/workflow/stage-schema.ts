/** Reads one stage: which kind it is, follows from its fields. */
import { fieldsObject } from '../agents/field-schemas.ts'
import { FIELD_SEPARATOR } from '../agents/schema-problems.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { kindOf } from '../agents/shown-values.ts'
import type { z } from 'zod'
import { nearestNames } from '../errors.ts'
import type { Json } from '../json.ts'
import { parseDuration } from '../time/duration.ts'
import type {
  BranchStage,
  GateStage,
  LoopStage,
  MapStage,
  StageDefinition,
  WaitStage,
  Work,
  WorkflowDefinition,
} from './definition.ts'
import type { CaseInput, LoopInput, MapInput, StageInput, WaitInput } from './input.ts'
import { KIND_SHAPES, REPEAT_SHAPES, STAGE_SHAPE } from './input-shapes.ts'
import type { StageBase, StageDefaults, StageDraft } from './stage-draft.ts'
import { DEFAULT_ROUNDS, gateStage, personJudge } from './gate-schema.ts'
import { readSources } from './sources.ts'
import { agentWork, functionWork, msOf, runWork, WHO } from './work-schema.ts'

/** What tells the kind of a stage that is more than work. */
/** The field by which a stage is read; `body`: it repeats stages of its own. */
type Kind = keyof typeof KIND_SHAPES | 'body'

const DECISIONS = ['gate', 'branch', 'wait', 'join'] as const
const WORKS = ['run', 'workflow', 'fn', 'noop'] as const
const REPEATS = ['loop', 'map'] as const
const KINDS = [...DECISIONS, ...WORKS]

const DEFAULT_LIMIT = 8
const MAX_DEPTH = 5

/** Reads the workflow that is the body of a stage. */
export type ReadBody = (
  raw: unknown,
  at: readonly PropertyKey[],
  around: StageDefaults,
  inputs: readonly string[] | null,
) => WorkflowDefinition | null

type Fields = Readonly<Record<string, unknown>>

/** Fills a draft with the definition of its stage; problems are added to those of the workflow. */
export function readStage(
  draft: StageDraft,
  written: Fields,
  around: StageDefaults,
  readBody: ReadBody,
): void {
  const kind = kindOfStage(draft, written, around)
  if (kind === undefined) return
  const repeat = REPEATS.find((key) => key in written)
  const fields = checkFields(draft, written, kind, repeat)
  if (fields === undefined) return
  const stage = build({ draft, fields, around, readBody, kind, repeat })
  draft.stage = stage ?? null
}

function kindOfStage(draft: StageDraft, written: Fields, around: StageDefaults): Kind | undefined {
  const kinds = KINDS.filter((key) => key in written)
  const repeats = REPEATS.filter((key) => key in written)
  const [first, second] = [...kinds, ...repeats]
  const mayRepeat = repeats.length === 1 && !DECISIONS.some((key) => key in written)
  if (second !== undefined && !(kinds.length === 1 && mayRepeat)) {
    malformed(draft, `it has both ${first} and ${second}; make two stages of it`)
    return undefined
  }
  if (repeats.some((key) => (written[key] as Fields | null)?.['stages'] !== undefined)) return 'body'
  if (kinds[0] !== undefined) return kinds[0]
  const hasAgent = [...WHO, 'consult'].some(
    (key) => written[key] !== undefined || around.fields[key] !== undefined,
  )
  if (hasAgent) return 'agent'
  malformed(
    draft,
    `it does not say who does it or what it is; give it ${WHO.join(', ')}, or one of ${[...KINDS, ...REPEATS].join(', ')}`,
  )
  return undefined
}

function malformed(draft: StageDraft, why: string): void {
  draft.problems.add({
    code: 'invalid_stage',
    path: draft.path,
    why,
    more: { index: Number(draft.path.at(-1)) },
  })
}

const { workflow: _workflow, ...BODY_SHAPE } = KIND_SHAPES.workflow

/** One schema for each kind and repetition, made once. */
const schemas = new Map<string, z.ZodType<Fields>>()

function schemaOf(kind: Kind, repeat: 'loop' | 'map' | undefined): z.ZodType<Fields> {
  const key = `${kind} ${repeat ?? ''}`
  let schema = schemas.get(key)
  if (schema === undefined) {
    const shape = {
      ...(kind === 'body' ? BODY_SHAPE : KIND_SHAPES[kind]),
      ...(repeat === undefined ? {} : { [repeat]: REPEAT_SHAPES[repeat] }),
    }
    schema = fieldsObject<Fields>(shape)
    schemas.set(key, schema)
  }
  return schema
}

function checkFields(
  draft: StageDraft,
  written: Fields,
  kind: Kind,
  repeat: 'loop' | 'map' | undefined,
): Fields | undefined {
  const parsed = schemaOf(kind, repeat).safeParse(written)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys' || issue.path.length > 0) return [issue]
    const known = issue.message.split(FIELD_SEPARATOR)
    for (const key of issue.keys) unknownField(draft, key, known, repeat ?? kind)
    return []
  })
  draft.problems.addIssues(issues, written, draft.path, (path) => draft.at(...path).slice(draft.path.length))
  return undefined
}

/** A field of another kind of stage is known, and is told to be in the wrong place. */
function unknownField(draft: StageDraft, key: string, known: readonly string[], kind: string): void {
  const isOther = Object.hasOwn(STAGE_SHAPE, key)
  const names = known.map((each) => draft.problems.shown(each))
  const nearest = isOther ? [] : nearestNames(key.slice(0, 64), names).slice(0, 1)
  const shown = isOther ? `${key} does not belong to a stage with ${kind}` : `${key} is not a known field`
  const why = nearest.length > 0 ? shown : `${shown}; known are ${names.join(', ')}`
  draft.problems.add({ path: draft.at(key), why, allowed: names, nearest })
}

interface Build {
  readonly draft: StageDraft
  readonly fields: Fields
  readonly around: StageDefaults
  readonly readBody: ReadBody
  readonly kind: Kind
  readonly repeat: 'loop' | 'map' | undefined
}

function build(from: Build): StageDefinition | undefined {
  const { draft, fields, around, kind, repeat } = from
  const input = fields as unknown as StageInput
  const base = baseOf(draft, input, around)
  switch (kind) {
    case 'gate':
      return gateStage(draft, input, around, base)
    case 'branch':
      return branchStage(draft, input, base)
    case 'wait':
      return waitStage(draft, input, base)
    case 'join':
      draft.linkAll('need', input.join === true ? [] : input.join, ['join'])
      return { ...base, kind: 'join' }
    default: {
      const work = workOf(from, input)
      if (work === undefined) return undefined
      if (repeat === 'loop') return loopStage(draft, input.loop as LoopInput, { ...base, work })
      if (repeat === 'map') return mapStage(draft, input.map as MapInput, { ...base, work })
      return { ...base, kind: 'work', work }
    }
  }
}

function baseOf(draft: StageDraft, input: StageInput, around: StageDefaults): StageBase {
  draft.linkAll('need', input.needs, ['needs'])
  draft.linkAll('lead', input.next, ['next'])
  if (input.arm !== undefined)
    draft.link('judge', input.arm.branch, draft.at('arm', 'branch'), input.arm.case)
  if (input.title?.includes('{{') === true)
    draft.refuse('title takes no {{ }}: it is the same in every run; put values into spec', 'title')
  return {
    id: draft.id,
    title: input.title ?? draft.id,
    needs: [],
    from: readSources(draft, input.from),
    when: input.when === undefined ? null : draft.expression(input.when, ['when'], 'stage'),
    arm: input.arm ?? null,
    onFailure:
      input.onFailure ?? (around.fields['onFailure'] as StageBase['onFailure'] | undefined) ?? 'fail',
  }
}

function workOf({ draft, around, readBody, kind, repeat }: Build, input: StageInput): Work | undefined {
  const place = repeat === 'map' ? 'element' : 'work'
  switch (kind) {
    case 'run':
      return runWork(draft, input, around, place)
    case 'fn':
      return functionWork(input)
    case 'noop':
      return { kind: 'noop' }
    case 'workflow':
    case 'body':
      return childWork({ draft, around, readBody, kind, repeat, input })
    default:
      return agentWork(draft, input, around, place)
  }
}

/** What a body is given besides the inputs of its workflow. */
const OF_ROUNDS = { loop: ['previous', 'round'], map: ['item', 'index'] } as const

function childWork({
  draft,
  around,
  readBody,
  kind,
  repeat,
  input,
}: Omit<Build, 'fields'> & { readonly input: StageInput }): Work | undefined {
  const place = repeat === 'map' ? 'element' : 'work'
  const given = Object.entries(input.inputs ?? {}).map(
    ([name, value]) =>
      [
        name,
        typeof value === 'string' ? draft.expression(value, ['inputs', name], place) : JSON.stringify(value),
      ] as const,
  )
  const inner = { ...around, depth: around.depth + 1 }
  if (inner.depth > MAX_DEPTH) {
    draft.refuse(`it lies more than ${MAX_DEPTH} workflows deep`)
    return undefined
  }
  if (kind === 'body' && repeat !== undefined) {
    const own = OF_ROUNDS[repeat]
    const inputs = Object.fromEntries([
      ...around.inputs.map((name) => [name, `inputs[${JSON.stringify(name)}]`] as const),
      ...own.map((name) => [name, name] as const),
      ...given,
    ])
    const stages = (repeat === 'loop' ? input.loop?.stages : input.map?.stages) as unknown
    const body = readBody(
      { name: `${around.workflow}.${draft.id}`, stages },
      draft.at(repeat),
      inner,
      Object.keys(inputs),
    )
    return body === null ? undefined : { kind: 'workflow', workflow: body, inputs }
  }
  const { workflow } = input
  const inputs = Object.fromEntries(given)
  if (typeof workflow === 'string') return { kind: 'workflow', workflow, inputs }
  const named =
    isPlainObject(workflow) && !('name' in workflow) ? { ...(workflow as object), name: draft.id } : workflow
  const child = readBody(named, draft.at('workflow'), { ...inner, fields: {}, workflow: draft.id }, null)
  return child === null ? undefined : { kind: 'workflow', workflow: child, inputs }
}

function loopStage(draft: StageDraft, loop: LoopInput, rest: StageBase & { readonly work: Work }): LoopStage {
  return {
    ...rest,
    kind: 'loop',
    until: draft.expression(loop.until, ['loop', 'until'], 'until'),
    maxRounds: loop.maxRounds ?? DEFAULT_ROUNDS,
    onExhausted: loop.onExhausted ?? 'fail',
  }
}

function mapStage(
  draft: StageDraft,
  map: MapInput,
  rest: StageBase & { readonly work: Work },
): MapStage | undefined {
  const over: unknown = map.over
  if (typeof over !== 'string' && !Array.isArray(over)) {
    draft.refuse(
      `map.over is ${kindOf(over)}; it must be a list, or an expression that gives one`,
      'map',
      'over',
    )
    return undefined
  }
  return {
    ...rest,
    kind: 'map',
    over: draft.expression(
      typeof over === 'string' ? over : JSON.stringify(over as Json),
      ['map', 'over'],
      'stage',
    ),
    limit: map.limit ?? DEFAULT_LIMIT,
    policy: map.policy ?? 'continue',
  }
}

function branchStage(draft: StageDraft, input: StageInput, base: StageBase): BranchStage | undefined {
  const cases = (input.branch as readonly CaseInput[]).map(({ name, when, to }, index) => {
    const first = typeof to === 'string' ? to : to[0]
    const named = name ?? first ?? ''
    if (named === '') draft.refuse('a case leads to a stage', 'branch', index, 'to')
    draft.linkAll('arm', to, ['branch', index, 'to'], named)
    return { name: named, when: draft.expression(when, ['branch', index, 'when'], 'stage') }
  })
  const names = cases.map(({ name }) => name)
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
  if (twice !== -1) draft.refuse(`two cases have the name ${JSON.stringify(names[twice])}`, 'branch', twice)
  draft.linkAll('arm', input.else, ['else'], 'else')
  return { ...base, kind: 'branch', cases, otherwise: input.else === undefined ? null : 'else' }
}

function waitStage(draft: StageDraft, input: StageInput, base: StageBase): WaitStage | GateStage {
  const wait = input.wait as WaitInput
  if (typeof wait === 'object' && 'approval' in wait)
    return {
      ...base,
      kind: 'gate',
      judge: personJudge(
        draft,
        { title: input.title, question: wait.approval, field: ['wait', 'approval'] },
        wait,
      ),
      onReject: null,
      maxRounds: 1,
      onExhausted: 'fail',
    }
  if (typeof wait === 'object' && 'signal' in wait) {
    const { signal, timeout } = wait
    return { ...base, kind: 'wait', until: { for: 'signal', signal, timeoutMs: msOf(timeout) } }
  }
  const time = typeof wait === 'object' ? wait.for : wait
  return { ...base, kind: 'wait', until: { for: 'time', ms: parseDuration(time) } }
}
