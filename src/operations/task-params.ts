/** What asking and posting take in the same way where they name a kind of task. */

/** How hard a task is, which the table of roles asks for. */
export const COMPLEXITY = {
  name: 'complexity',
  type: 'number',
  integer: true,
  min: 1,
  description: 'With --task: how hard it is, 1 to 10',
  default: '5',
} as const
