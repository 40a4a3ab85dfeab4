/**
 * The workflows that come with Atelier, as the files that they are exported to. A file of the project, or a workflow that was
 * defined by a call, takes the place of the one here with the same name.
 */
import { ROLES, type Role } from './roles.ts'

/** A file to be written into a project. */
export interface ExportedFile {
  /** In the project. */
  readonly path: string
  readonly text: string
}

interface Shipped {
  /** The workflow in YAML. */
  readonly text: string
  /** Roles that play in it. */
  readonly roles: readonly string[]
}

const SCHEMA = '# yaml-language-server: $schema=../../node_modules/atelier/schemas/workflow.schema.json'

const FEATURE = `${SCHEMA}
name: feature
description: From a goal to code that is tested, reviewed, and merged once
inputs:
  goal: { type: string, default: "", description: "What is to be built, in words" }
  file: { type: string, default: "", description: "A file of the project that says it; specs/feature.md where neither is given" }
  verify: { type: string, default: "", description: "A command that must be green before the review, such as npm test" }
worktree: true
stages:
  - id: plan
    agent: planner
    access: read
    title: Plan the feature
    spec: "What is to be built: {{ inputs.goal == '' ? 'what the file says' : inputs.goal }}"
    from: { file: "{{ inputs.file == '' && inputs.goal == '' ? 'specs/feature.md' : inputs.file }}" }

  - id: implement
    agent: coder
    type: code
    title: Implement the plan
    from: plan

  - id: test
    agent: tester
    type: test
    title: Test what was implemented
    from: [plan, implement]

  - id: verify
    title: Run what must be green
    needs: test
    when: inputs.verify != ""
    run: eval "$VERIFY"
    env: { VERIFY: inputs.verify }

  - id: review
    gate: { reviewer: reviewer, pass: score >= 70, on_reject: implement, max_rounds: 3 }
    type: review
    title: Review the change
    needs: verify
    from: [plan, implement, test]
`

const BUG_FIX = `${SCHEMA}
name: bug-fix
description: From a report to a fix that a failing test proves, reviewed, and merged once
inputs:
  bug: { type: string, default: "", description: "What goes wrong, in words" }
  file: { type: string, default: "", description: "A file of the project that says it; specs/bug.md where neither is given" }
  verify: { type: string, default: "", description: "A command that must be green before the review, such as npm test" }
worktree: true
stages:
  - id: reproduce
    agent: tester
    type: test
    title: Reproduce the bug with a test that fails
    spec: "What goes wrong: {{ inputs.bug == '' ? 'what the file says' : inputs.bug }}"
    from: { file: "{{ inputs.file == '' && inputs.bug == '' ? 'specs/bug.md' : inputs.file }}" }

  - id: fix
    agent: coder
    type: code
    title: Fix the bug, so that the test passes
    from: reproduce

  - id: test
    agent: tester
    type: test
    title: Test the fix
    from: [reproduce, fix]

  - id: verify
    title: Run what must be green
    needs: test
    when: inputs.verify != ""
    run: eval "$VERIFY"
    env: { VERIFY: inputs.verify }

  - id: review
    gate: { reviewer: reviewer, pass: score >= 70, on_reject: fix, max_rounds: 3 }
    type: review
    title: Review the fix
    needs: verify
    from: [reproduce, fix, test]
`

/** By name. */
const SHIPPED: ReadonlyMap<string, Shipped> = new Map([
  ['bug-fix', { text: BUG_FIX, roles: ['coder', 'tester', 'reviewer'] }],
  ['feature', { text: FEATURE, roles: ['planner', 'coder', 'tester', 'reviewer'] }],
])

/** The names of the workflows that come with Atelier. */
export const SHIPPED_NAMES: readonly string[] = [...SHIPPED.keys()]

/** The workflow of that name in YAML, in the spelling of files; undefined where none comes with Atelier. */
export function shippedWorkflow(name: string): string | undefined {
  return SHIPPED.get(name)?.text
}

/** The files that a project edits to have a shipped workflow of its own: the workflow, and the roles that play in it. */
export function exportedFiles(name: string): readonly ExportedFile[] | undefined {
  const shipped = SHIPPED.get(name)
  if (shipped === undefined) return undefined
  const roles = Object.entries(ROLES).filter(([role]) => shipped.roles.includes(role))
  return [
    { path: `.atelier/workflows/${name}.yaml`, text: shipped.text },
    ...roles.map(([role, profile]) => ({ path: `.claude/agents/${role}.md`, text: roleFile(role, profile) })),
  ]
}

/** A role as Claude Code and Atelier read it. */
function roleFile(name: string, { description, role }: Role): string {
  return `---\nname: ${name}\ndescription: ${description}\n---\n\n${role}\n`
}
