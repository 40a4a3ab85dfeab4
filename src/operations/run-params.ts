/** What several verbs of workflows and their runs take. */

export const RUN = {
  name: 'run',
  type: 'string',
  required: true,
  positional: true,
  placeholder: 'run|name',
  description: 'Id of the run, or name of the workflow for its last run',
} as const

/** A run that need not be named. */
export const LAST_RUN = {
  name: 'run',
  type: 'string',
  positional: true,
  placeholder: 'run|name',
  description: 'Id of the run, or name of the workflow for its last run',
  default: 'the last run of all',
} as const

export const STAGE = {
  name: 'stage',
  type: 'string',
  positional: true,
  description: 'Id of the stage',
} as const

export const REASON = {
  name: 'reason',
  type: 'string',
  positional: true,
  rest: true,
  description: 'Why, for the log',
} as const

/** How much of a checkpoint somebody wants to see. */
export const LEVEL = {
  name: 'level',
  type: 'string',
  choices: ['summary', 'context', 'full'],
  description:
    'How much: summary counts and says what comes next; context adds which stages, and their results; full adds how each stood',
} as const
