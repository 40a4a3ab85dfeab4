/** Whether somebody can do the work of a definition at all: asked before its run starts. */
import { errorData, nearestNames, type ErrorData } from '../errors.ts'
import type { Reader } from '../store.ts'
import { staffedTypes } from '../workers/staff.ts'
import type { AgentWork, WorkflowDefinition } from '../workflow/definition.ts'
import { workOf } from './definitions.ts'

/** What is known of who there is. */
export interface Staff {
  readonly profiles: () => Iterable<string>
}

/** Why a stage of the definition would never run; undefined where each has somebody. */
export async function noDoer(
  reader: Reader,
  definition: WorkflowDefinition,
  staff: Staff,
): Promise<ErrorData | undefined> {
  const profiles = new Set(staff.profiles())
  const works = worksOf(definition)
  if (works.length === 0) return undefined
  const types = await staffedTypes(reader)
  const known = new Map<string, boolean>()
  const isAgent = async (name: string): Promise<boolean> => {
    let is = known.get(name)
    if (is === undefined) known.set(name, (is = (await reader.get('agent', name))?.state === 'active'))
    return is
  }
  for (const { stage, work } of works) {
    const { agent, profile, type } = work
    if (type !== null && types.has(type)) continue
    if (
      agent !== null &&
      !(await isAgent(agent)) &&
      !profiles.has(agent) &&
      (profile === null || !profiles.has(profile))
    )
      return missing(stage, 'agent', agent, [...new Set([...(await agents(reader)), ...profiles])])
    if (agent === null && profile !== null && !profiles.has(profile) && !(await isAgent(profile)))
      return missing(stage, 'profile', profile, [...profiles])
    if (agent === null && profile === null && work.capability === null && type === null)
      return errorData(
        'no_capable_agent',
        `The stage "${stage}" names nobody who does it. Give it an agent, a profile, a capability or a type.`,
        { stage },
      )
  }
  return undefined
}

function worksOf(
  definition: WorkflowDefinition,
): readonly { readonly stage: string; readonly work: AgentWork }[] {
  return definition.stages.flatMap((stage) => {
    const work = workOf(stage)
    if (work?.kind === 'agent') return [{ stage: stage.id, work }]
    if (work?.kind === 'workflow' && typeof work.workflow !== 'string') return worksOf(work.workflow)
    return []
  })
}

async function agents(reader: Reader): Promise<readonly string[]> {
  return (await reader.list('agent', { where: { state: 'active' }, limit: 200 })).map(({ name }) => name)
}

function missing(
  stage: string,
  what: 'agent' | 'profile',
  name: string,
  known: readonly string[],
): ErrorData {
  const near = nearestNames(name, known)
  const hint =
    near.length > 0
      ? `Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`
      : `Add it with: ${what} add ${name}`
  return errorData(
    'no_capable_agent',
    `The stage "${stage}" names the ${what} "${name}", which there is not. ${hint} No run was started.`,
    {
      stage,
      [what]: name,
      nearest: near,
    },
  )
}
