import { expect, test } from 'vitest'
import { ROLES } from './roles.ts'
import { exportedFiles, SHIPPED_NAMES, shippedWorkflow } from './shipped.ts'

test('feature and bug-fix come with Atelier, in YAML that an editor completes', () => {
  expect(SHIPPED_NAMES).toEqual(['bug-fix', 'feature'])
  for (const name of SHIPPED_NAMES)
    expect(shippedWorkflow(name)).toMatch(
      new RegExp(`^# yaml-language-server: .*workflow\\.schema\\.json\nname: ${name}\n`, 'u'),
    )
  expect(shippedWorkflow('constructor')).toBeUndefined()
})

test('the files to edit are the workflow and the roles that play in it, as Claude Code reads them', () => {
  const files = exportedFiles('feature') ?? []
  expect(files.map(({ path }) => path)).toEqual([
    '.atelier/workflows/feature.yaml',
    ...['planner', 'coder', 'tester', 'reviewer'].map((role) => `.claude/agents/${role}.md`),
  ])
  expect(files[0]?.text).toBe(shippedWorkflow('feature'))
  expect(files[4]?.text).toBe(
    `---\nname: reviewer\ndescription: ${ROLES['reviewer']?.description}\n---\n\n${ROLES['reviewer']?.role}\n`,
  )
  const roles = (exportedFiles('bug-fix') ?? []).slice(1).map(({ path }) => path)
  expect(roles).toEqual(['coder', 'tester', 'reviewer'].map((role) => `.claude/agents/${role}.md`))
  expect(exportedFiles('other')).toBeUndefined()
})

test('each role says what its answer owes', () => {
  for (const { role } of Object.values(ROLES)) expect(role).toMatch(/^Your answer is /mu)
})
