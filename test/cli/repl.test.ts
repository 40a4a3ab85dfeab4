/** The REPL, as a process that reads its lines from a pipe. */
import { describe, expect, it } from 'vitest'
import { processesWith } from './processes.ts'
import { containing, project, run, start } from './support.ts'

const TEAM = {
  backend: 'scripted',
  scripted: { reply: '@AGENT@: @PROMPT@', costUsd: 0.25 },
  agents: { impl: { role: 'You write code.' }, reviewer: { role: 'You review code.' } },
}

async function type(
  ...lines: string[]
): Promise<{ out: string; err: string; status: number | null; dir: string }> {
  const dir = project(TEAM)
  return { ...(await run(['repl'], { dir, input: `${lines.join('\n')}\n` })), dir }
}

describe('the REPL', () => {
  it('has the members of the workshop in scope and shows what they give', async () => {
    const { out, status, dir } = await type(
      "ask('impl', 'one')",
      "const reply = await ask('impl', 'two').pipe('reviewer', 'look')",
      'reply.text',
      "cast('impl', 'three'); await awaitAll()",
      "result('impl')",
      'totalCost()',
    )
    expect(status).toBe(0)
    expect(out).toContain('impl: one\n')
    expect(out).toContain('reviewer: look\n\nimpl: two\n')
    expect(out).toContain('## impl\nimpl: three\n')
    expect(out).toMatch(/impl: three\n1\n$/u)
    expect(processesWith(dir)).toEqual([])
  })

  it('shows values as the commands do, and lists of records as tables', async () => {
    const { out } = await type(
      'status()',
      "[{ name: 'a', size: 1 }, { name: 'bb', size: 22 }]",
      '({ a: { b: 1 } })',
    )
    expect(out).toMatch(/^AGENT {5}STATUS .*TURNS {3}COST\nimpl {6}idle /u)
    expect(out).toContain('NAME  SIZE\na        1\nbb      22\n')
    expect(out).toContain('{ a: { b: 1 } }\n')
  })

  it('takes statements over several lines, each after the one before', async () => {
    const { out } = await type(
      'const names = []',
      'for (const name of await agents()) {',
      '  names.push(name)',
      '}',
      'names',
    )
    expect(out).toContain("[ 'impl', 'reviewer' ]\n")
  })

  it('tells errors by message and code, and goes on', async () => {
    const { out, err, status } = await type(
      "ask('nobody', 'x')",
      "await result('impl')",
      'missing.member',
      '1 + 1',
    )
    expect(err).toContain('error: There is no agent "nobody".')
    expect(err).toContain('[not_found]')
    expect(out).toContain('[no_result]')
    expect(out).toContain('ReferenceError: missing is not defined')
    expect(out).toMatch(/\n2\n$/u)
    expect(status).toBe(0)
  })

  it('prints events in the background until unwatch', async () => {
    const { child, ended, wrote } = start(['repl'], { dir: project(TEAM), input: null })
    child.stdin?.write("watch({ types: ['context.put'] })\nput('a', 1)\n")
    await wrote('out', 'a version 1')
    child.stdin?.end("await unwatch()\nput('b', 1)\n")
    const { out } = await ended
    expect(out.match(/context\.put/gu)).toHaveLength(1)
  })

  it('lists the verbs', async () => {
    expect((await type('.help')).out).toContain(' await-all ')
  })

  it('finishes what was cast when it is left', async () => {
    const { dir } = await type("cast('impl', 'later')")
    expect(await run(['result', 'impl'], { dir })).toMatchObject({
      status: 0,
      out: containing('impl: later'),
    })
  })
})
