/**
 * Who does which kind of task, for whoever names the task and not a capability. The role becomes the capability that is
 * asked for, so that there is one way in which agents are chosen.
 *
 * | task | done by |
 * |---|---|
 * | `system_design` above complexity 5 | architect |
 * | `testing` | tester |
 * | `security_analysis` | security |
 * | `performance_optimization` | performance |
 * | `code_review` | reviewer |
 * | `workflow_coordination` | coordinator |
 * | anything else | developer |
 */

/** A role that tasks are given to: the name of a capability. */
export type TaskRole = (typeof TASK_ROLES)[number]

export const TASK_ROLES = [
  'architect',
  'developer',
  'tester',
  'security',
  'performance',
  'reviewer',
  'coordinator',
] as const

interface TaskRule {
  readonly role: TaskRole
  /** Only tasks of more than this complexity; left out: of any. */
  readonly above?: number
}

const RULES: ReadonlyMap<string, TaskRule> = new Map<string, TaskRule>([
  ['system_design', { role: 'architect', above: 5 }],
  ['testing', { role: 'tester' }],
  ['security_analysis', { role: 'security' }],
  ['performance_optimization', { role: 'performance' }],
  ['code_review', { role: 'reviewer' }],
  ['workflow_coordination', { role: 'coordinator' }],
])
const OTHERWISE: TaskRole = 'developer'

/** The tasks that are not simply a developer's. */
export const KNOWN_TASKS: readonly string[] = [...RULES.keys()]

/** The middle of the scale from 1 to 10, of a task of which nothing is said. */
export const DEFAULT_COMPLEXITY = 5
export const MAX_COMPLEXITY = 10

/** The role that does a task. `code-review` is `code_review`, in whatever case. */
export function roleForTask(task: string, complexity: number = DEFAULT_COMPLEXITY): TaskRole {
  const rule = RULES.get(task.toLowerCase().replaceAll('-', '_'))
  return rule !== undefined && complexity > (rule.above ?? 0) ? rule.role : OTHERWISE
}

/** Names of agents and profiles that say what they do in another word. */
const OTHER_NAMES: ReadonlyMap<string, TaskRole> = new Map<string, TaskRole>([
  ['planner', 'architect'],
  ['coder', 'developer'],
])

/** The role that the name of an agent or a profile says, also of the second one of a worker, `tester.2`. */
export function roleOfName(name: string): TaskRole | undefined {
  const word = name.toLowerCase().replace(/\.\d+$/u, '')
  return TASK_ROLES.find((role) => role === word) ?? OTHER_NAMES.get(word)
}
