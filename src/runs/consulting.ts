/** Experts that are asked before an agent begins: what they say is put in front of its task, and their silence keeps nobody waiting. */
import type { ItemDefinition } from '../board/definition.ts'
import type { ItemRow } from '../board/item.ts'
import { newId } from '../ids.ts'
import { commit } from '../team/context.ts'
import { cancelMessages, postMessage } from '../team/posting.ts'
import type { StageInputs, WorkerContext } from '../workers/context.ts'
import { subjectId } from '../workflow/names.ts'
import { workOf } from './definitions.ts'
import { placeOf, readInputs } from './inputs.ts'
import { resultOf } from './values.ts'

/** What an item of a run is told, with the guidance of whom its stage consults. */
export async function guided(
  context: WorkerContext,
  item: ItemRow,
  definition: ItemDefinition,
  signal: AbortSignal,
): Promise<StageInputs> {
  const { team } = context
  const { told, consult, answered } = await team.store.read(async (reader) => {
    const place = await placeOf(reader, item)
    const work = workOf(place.stage)
    const expert = work?.kind === 'agent' ? work.consult : null
    const row = expert === null ? undefined : await reader.get('stage', subjectId(place.run.id, expert, 1))
    const isStage = expert !== null && place.definition.stage(expert) !== undefined
    return {
      told: await readInputs(reader, item, definition),
      consult: expert,
      answered: isStage ? { result: await resultOf(reader, place, row) } : undefined,
    }
  })
  if (consult === null) return told
  const text = answered === undefined ? await ask(context, consult, told, signal) : textOf(answered.result)
  if (text === undefined) await warn(context, item, consult)
  return text === undefined ? told : { ...told, guidance: { by: consult, text } }
}

async function warn({ team }: WorkerContext, { id, run, stage }: ItemRow, expert: string): Promise<void> {
  if (run === null) return
  const message = `The expert "${expert}" gave no guidance, so "${id}" begins without it.`
  await commit(team.store, {
    name: 'run.change',
    keys: [`run:${run}`],
    by: team.by,
    load: async () => undefined,
    decide: () => ({ events: [{ type: 'run.warned', data: { run, stage, message } }] }),
  })
}

function textOf(result: unknown): string | undefined {
  if (result === undefined || result === null) return undefined
  return typeof result === 'string' ? result : JSON.stringify(result, null, 2)
}

/** The answer of an expert; undefined where there is none. Its failed turn stands in the log, and the work begins without it. */
async function ask(
  { team, settlements, startSoon, onError }: WorkerContext,
  agent: string,
  { title, spec }: StageInputs,
  signal: AbortSignal,
): Promise<string | undefined> {
  const message = newId('msg')
  const settled = settlements.of(message)
  const cancel = (): void =>
    void cancelMessages(team, { agent, message }, 'The task that it was asked about is over.').catch(() => {})
  try {
    const prompt = [
      'Another agent is about to do this task. Say what it should know or decide first. Do not do the task.',
      title,
      ...(spec === null ? [] : [spec]),
    ].join('\n\n')
    await postMessage(team, { agent, prompt, kind: 'ask' }, message)
  } catch (error) {
    settlements.forget(message)
    onError(error)
    return undefined
  }
  startSoon(agent)
  signal.addEventListener('abort', cancel, { once: true })
  const settlement = await settled.finally(() => signal.removeEventListener('abort', cancel))
  return settlement.ok && settlement.text.trim() !== '' ? settlement.text : undefined
}
