/** Where a stage's input comes from, as it is written, and the files of a definition. */
import { isPlainObject } from '../agents/json-snapshot.ts'
import { showValue } from '../agents/shown-values.ts'
import type { Json } from '../json.ts'
import type { Source, StageDefinition, WorkflowDefinition } from './definition.ts'
import type { StageDraft } from './stage-draft.ts'
import { fillPlain, isTemplate } from './templates.ts'

const RULE = 'a stage, a file with "/" or ".", { stage }, { file } or { name, value }'
const PATH_RULE = 'a path inside of the project, such as specs/feature.md'

/** Reads `from`; the stages that it names are needed. */
export function readSources(draft: StageDraft, from: unknown): readonly Source[] {
  if (from === undefined) return []
  if (!Array.isArray(from)) return readSource(draft, from, ['from'])
  return (from as readonly unknown[]).flatMap((each, index) => readSource(draft, each, ['from', index]))
}

function readSource(draft: StageDraft, source: unknown, path: readonly PropertyKey[]): readonly Source[] {
  if (typeof source === 'string')
    return /[./]/u.test(source) ? file(draft, source, path) : stage(draft, source, path)
  if (isPlainObject(source)) {
    const keys = Object.keys(source).toSorted().join(' ')
    const { stage: id, file: name, name: label, value } = source
    if (keys === 'stage' && typeof id === 'string') return stage(draft, id, [...path, 'stage'])
    if (keys === 'file' && typeof name === 'string') return file(draft, name, [...path, 'file'])
    if (keys === 'name value' && typeof label === 'string' && label !== '' && typeof value === 'string')
      return [{ name: label, value: draft.expression(value, [...path, 'value'], 'stage') }]
  }
  draft.refuse(`from is ${showValue(source)}; it must be ${RULE}, or a list of these`, ...path)
  return []
}

function stage(draft: StageDraft, id: string, path: readonly PropertyKey[]): readonly Source[] {
  draft.link('need', id, draft.at(...path))
  return [{ stage: id }]
}

function file(draft: StageDraft, name: string, path: readonly PropertyKey[]): readonly Source[] {
  if (isTemplate(name)) draft.template(name, path, 'run')
  else if (!isInside(name)) draft.refuse(`the file is ${showValue(name)}; it must be ${PATH_RULE}`, ...path)
  return [{ file: name }]
}

/** Not absolute, and not upwards: what a workflow reads goes into prompts. */
function isInside(name: string): boolean {
  const isRelative = !/^[/~\\]|^[A-Za-z]:/u.test(name) && !name.split(/[/\\]/u).includes('..')
  return isRelative && name.trim() !== '' && name.length <= 1024 && !/\p{Cc}/u.test(name)
}

/** A file that a stage reads when the run starts. */
export interface FileOfStage {
  readonly stage: string
  /** Its place in `from`. */
  readonly index: number
  /** The path, with the values of inputs in it. */
  readonly file: string
}

/**
 * The files that the stages of a workflow read; those of bodies and of other workflows are read when these start. That they are
 * there is looked at when a run starts, before any agent is called. A path that an input leads out of the project is a problem; one
 * that its inputs leave blank is no file.
 */
export function filesOf(
  definition: WorkflowDefinition,
  inputs: Readonly<Record<string, Json>>,
):
  | { readonly ok: true; readonly files: readonly FileOfStage[] }
  | { readonly ok: false; readonly why: string } {
  const files: FileOfStage[] = []
  for (const each of definition.stages)
    for (const [index, source] of each.from.entries()) {
      if (!('file' in source)) continue
      const filled = fillPlain(source.file, { inputs })
      if (!filled.ok) return { ok: false, why: whyOf(each, source.file, filled.why) }
      if (filled.text === '') continue
      if (!isInside(filled.text))
        return { ok: false, why: whyOf(each, source.file, `${showValue(filled.text)} is not ${PATH_RULE}`) }
      files.push({ stage: each.id, index, file: filled.text })
    }
  return { ok: true, files }
}

function whyOf({ id }: StageDefinition, name: string, why: string): string {
  return `Stage "${id}" reads the file ${JSON.stringify(name)}: ${why}`
}
