/** The schema of a configuration file. */
import { z } from 'zod'
import { anyJson, byName, fieldsObject, texts, variableNames, type Shape } from '../agents/field-schemas.ts'
import {
  agentSchema,
  configureShape,
  isBackendObject,
  profileSchema,
  type AgentInput,
  type BackendObject,
  type ConfigureInput,
  type ProfileInput,
} from '../agents/option-schemas.ts'
import { isPlainObject } from '../agents/json-snapshot.ts'
import { workerSchema, type WorkerInput } from '../agents/worker-schemas.ts'
import type { Json } from '../json.ts'

export const BACKEND_RULE =
  'an agent backend with id, detect, capabilities, run and close, or a function that makes one'

/** A configuration as users write it. */
export type ConfigInput = ConfigureInput & {
  readonly profiles?: Readonly<Record<string, ProfileInput>> | undefined
  readonly agents?: Readonly<Record<string, AgentInput>> | undefined
  readonly workers?: Readonly<Record<string, WorkerInput>> | undefined
  readonly worktrees?: WorktreeInput | undefined
  readonly workflows?: readonly object[] | undefined
  readonly backends?: readonly (BackendObject | (() => unknown))[] | undefined
  readonly scripted?: Json | undefined
}

/** How worktrees are prepared, as it is written. */
interface WorktreeInput {
  readonly setUp?: readonly string[] | undefined
  readonly tearDown?: readonly string[] | undefined
  readonly passEnv?: readonly string[] | undefined
}

const worktreeSchema: z.ZodType<WorktreeInput> = fieldsObject<WorktreeInput>({
  setUp: texts.optional(),
  tearDown: texts.optional(),
  passEnv: variableNames.optional(),
})

const shape: Omit<Shape<ConfigInput>, 'backends' | 'workflows'> = {
  ...configureShape,
  profiles: byName(profileSchema, 'an object of profiles by name').optional(),
  agents: byName(agentSchema, 'an object of agents by name').optional(),
  workers: byName(workerSchema, 'an object of board workers by name').optional(),
  worktrees: worktreeSchema.optional(),
  scripted: anyJson.optional(),
}

const backend = z.custom<BackendObject | (() => unknown)>(
  (value) => typeof value === 'function' || isBackendObject(value),
  BACKEND_RULE,
)

/** What is in it is checked where it is defined, with the words for workflows. */
const workflow = z.custom<object>(isPlainObject, 'made with workflow(name, stages)')

/** A configuration in code. */
export const codeConfigSchema: z.ZodType<ConfigInput> = fieldsObject<ConfigInput>({
  ...shape,
  workflows: z.array(workflow, 'a list of workflows').optional(),
  backends: z.array(backend, 'a list of agent backends').optional(),
})

/** A configuration in JSON or YAML. */
export const dataConfigSchema: z.ZodType<ConfigInput> = fieldsObject<ConfigInput>({
  ...shape,
  workflows: z.undefined('left out here: write it to .atelier/workflows/NAME.yaml').optional(),
  backends: z.undefined('left out here: a backend is code, so it belongs in atelier.config.ts').optional(),
})
