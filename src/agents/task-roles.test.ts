import { describe, expect, it } from 'vitest'
import { DEFAULT_COMPLEXITY, roleForTask, roleOfName, TASK_ROLES } from './task-roles.ts'

describe('D21: the role that does a task', () => {
  it.each([
    ['system_design', 10, 'architect'],
    ['system_design', 6, 'architect'],
    ['system_design', 5, 'developer'],
    ['system_design', 1, 'developer'],
    ['testing', 1, 'tester'],
    ['testing', 10, 'tester'],
    ['security_analysis', 1, 'security'],
    ['performance_optimization', 1, 'performance'],
    ['code_review', 1, 'reviewer'],
    ['workflow_coordination', 1, 'coordinator'],
    ['implementation', 10, 'developer'],
    ['constructor', 5, 'developer'],
  ])('D21: %s of complexity %i is done by: %s', (task, complexity, role) => {
    expect(roleForTask(task, complexity)).toBe(role)
  })

  it('D21: takes 5 where no complexity is given, and a task as people spell it', () => {
    expect(DEFAULT_COMPLEXITY).toBe(5)
    expect([roleForTask('system_design'), roleForTask('Code-Review')]).toEqual(['developer', 'reviewer'])
  })

  it('D18 D21: is what the name of an agent or a profile says', () => {
    expect(TASK_ROLES.map(roleOfName)).toEqual(TASK_ROLES)
    expect(['coder', 'planner', 'Tester', 'tester.2', 'impl', 'tester.x'].map(roleOfName)).toEqual([
      'developer',
      'architect',
      'tester',
      'tester',
      undefined,
      undefined,
    ])
  })
})
