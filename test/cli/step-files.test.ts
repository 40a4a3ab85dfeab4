/** Files of another system on a command line: the one of docs/workflows.md, from validation to its end. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { RunOutcome } from '../../src/runs/view-types.ts'
import { cli, containing, matching, project, shellWords } from './support.ts'

const DOCS = readFileSync(new URL('../../docs/workflows.md', import.meta.url), 'utf8')
const [FILE = '', ...OTHERS] = [...DOCS.matchAll(/^```yaml\n(workflow:.*?)^```$/gmsu)].map(([, text]) => text)

/** The reviewer sends the notes back once, and the translation fails. */
const TEAM = {
  backend: 'scripted',
  scripted: {
    reply: 'ok',
    rules: [
      { match: 'Gather requirements', reply: 'REQUIREMENTS' },
      { agent: 'documenter', match: 'name the cache', reply: 'NOTES with the cache' },
      { match: 'Write notes', reply: 'NOTES' },
      {
        match: 'Review notes',
        times: 1,
        reply: '{"score": 82, "security": 6, "issues": ["name the cache"]}',
      },
      { match: 'Review notes', reply: '{"score": 82, "security": 8, "issues": []}' },
      { match: 'Translate notes', steps: [{ fail: { kind: 'refused', message: 'No such language' } }] },
      { match: 'Publish notes', reply: 'PUBLISHED' },
    ],
  },
  agents: Object.fromEntries(
    ['analyst', 'documenter', 'reviewer', 'ops'].map((name) => [name, { role: `You are the ${name}.` }]),
  ),
}

async function typed(dir: string, line: string): ReturnType<typeof cli> {
  return await cli([...shellWords(line), '--dir', dir], { cwd: dir })
}

function shop(config: Parameters<typeof project>[0] = TEAM, text: string = FILE): string {
  const dir = project(config)
  mkdirSync(join(dir, '.atelier', 'workflows'), { recursive: true })
  writeFileSync(join(dir, '.atelier', 'workflows', 'notes.yaml'), text)
  writeFileSync(join(dir, 'CHANGELOG.md'), 'A cache.\n')
  return dir
}

describe('a file of another system', () => {
  it('runs to its end: its gate sends the work back once, and then lets it pass (B13, B14, B16, AS-66)', async () => {
    expect(OTHERS).toEqual([])
    const dir = shop()
    const run = await typed(dir, 'workflow run release-notes --json')
    expect(JSON.parse(run.out)).toMatchObject({
      // What was optional has failed, and the rest is done.
      ...{ id: 'release-notes-1', status: 'partially_completed' },
      result: { publish: 'PUBLISHED' },
    })
    expect(run.status).toBe(3)
    const status = await typed(dir, 'workflow status release-notes')
    expect(status.out).toMatch(/^writing +done +2 /mu)
    expect(status.out).toMatch(/^review-gate +done +2 /mu)
    expect(status.out).toMatch(/^translation +skipped /mu)
    const again = await typed(dir, 'work show release-notes-1/writing#2 --json')
    expect(JSON.parse(again.out)).toMatchObject({ result: containing('NOTES with the cache') })
  }, 60_000)

  it.each([
    ['rejoins', { score: 90 }, { mend: 'skipped', ship: 'done', end: 'done' }],
    ['rejoins', { score: 50 }, { mend: 'done', ship: 'done', end: 'done' }],
    ['jumps', { score: 90 }, { mend: 'done', ship: 'done', end: 'done' }],
    ['jumps', { score: 50 }, { mend: 'done', ship: 'skipped', end: 'done' }],
    ['parts', { score: 90 }, { mend: 'skipped', ship: 'done', end: 'done' }],
    ['parts', { score: 50 }, { mend: 'done', ship: 'skipped', end: 'done' }],
  ] as const)(
    'that %s behind a gate runs on the way that %j chooses (B03, B14)',
    async (form, answer, states) => {
      const next = { rejoins: ['end', 'ship'], jumps: ['mend', 'end'], parts: ['end', 'end'] }[form]
      const text = `workflow:
  id: ways
  steps:
    - { id: check, agent: reviewer, action: check, gate: { on_pass: ship, on_fail: mend } }
    - { id: ship, agent: ops, action: ship, next: ${next[0]} }
    - { id: mend, agent: ops, action: mend, next: ${next[1]} }
    - { id: end, agent: ops, action: end }
`
      const rules = [{ match: 'Check', reply: JSON.stringify(answer) }]
      const dir = shop({ ...TEAM, scripted: { reply: 'ok', rules } }, text)
      const run = JSON.parse(
        (await typed(dir, 'workflow run .atelier/workflows/notes.yaml --json')).out,
      ) as RunOutcome
      const now = new Map(run.stages.map(({ stage, status }) => [stage, status]))
      expect(Object.fromEntries(Object.keys(states).map((stage) => [stage, now.get(stage)]))).toEqual(states)
    },
    60_000,
  )

  it('is checked, drawn, planned and printed in our form as every workflow is (B13, B15)', async () => {
    const dir = shop()
    expect(await typed(dir, 'workflow validate')).toMatchObject({
      ...{ status: 0, out: '', err: containing('Nothing is wrong: release-notes (6 stages).') },
    })
    expect(await typed(dir, 'workflow graph release-notes --mermaid')).toMatchObject({
      status: 0,
      out: containing('<b>review-gate</b>'),
    })
    expect(await typed(dir, 'workflow run release-notes --dry-run')).toMatchObject({
      status: 0,
      out: matching(/CHANGELOG\.md/u),
    })
    const exported = await typed(dir, 'workflow export .atelier/workflows/notes.yaml')
    expect(exported).toMatchObject({ status: 0, err: containing('.atelier/workflows/release-notes.yaml') })
    writeFileSync(join(dir, 'own.yaml'), exported.out)
    expect(await typed(dir, 'workflow validate own.yaml')).toMatchObject({ status: 0 })
  }, 60_000)

  it('is told what of it has no effect, and what is wrong with it, with line and column (B14, B15)', async () => {
    const noted = shop(
      TEAM,
      FILE.replace('action: write_notes', 'action: write_notes\n      context_tier: 3'),
    )
    expect(await typed(noted, 'workflow validate')).toMatchObject({
      ...{ status: 0, out: matching(/notes\.yaml:17:7: note: context_tier has no effect here/u) },
    })
    const wrong = shop(TEAM, FILE.replace('on_fail: writing', 'on_fail: writng'))
    expect(await typed(wrong, 'workflow validate')).toMatchObject({
      ...{
        status: 2,
        out: matching(
          /notes\.yaml:\d+:\d+: stage "review", field workflow\.steps\[2\]\.gate\.on_fail: .*Did you mean writing\?/u,
        ),
      },
    })
  }, 60_000)

  it('names agents and files that must be there, as every workflow does (B16, AS-45)', async () => {
    const { agents: _agents, ...nobody } = TEAM
    expect(await typed(shop(nobody), 'workflow run release-notes')).toMatchObject({
      ...{
        status: 1,
        err: matching(
          /The stage "requirements" names the agent "analyst", which there is not.*\[no_capable_agent\]/su,
        ),
      },
    })
    const missing = shop(TEAM, FILE.replace('CHANGELOG.md', 'CHANGES.md'))
    expect(await typed(missing, 'workflow run release-notes')).toMatchObject({
      status: 1,
      err: containing('CHANGES.md'),
    })
  }, 60_000)
})
