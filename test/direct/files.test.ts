import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import { systemClock } from '../../src/time/system-clock.ts'
import { openWorkshop, openViews } from '../../src/workshop.ts'
import { openTeam, temporaryFolder } from './team.ts'

describe('files that are read as they are (A07, A11)', () => {
  test('an agent of .claude/agents is a profile', async () => {
    const dir = await temporaryFolder()
    mkdirSync(join(dir, '.claude/agents'), { recursive: true })
    const text =
      '---\nname: code-reviewer\ndescription: Reviews code\ntools: Read, Grep\nmodel: opus\n---\nYou review code.\n'
    writeFileSync(join(dir, '.claude/agents/code-reviewer.md'), text)
    const { shop, backend } = await openTeam({}, { dir })
    shop.agent('r', { profile: 'code-reviewer' })
    await shop.ask('r', 'hello')
    expect(backend.requests[0]).toMatchObject({
      systemPrompt: 'You review code.',
      model: 'opus',
      allowedTools: ['Read', 'Grep'],
    })
    expect((await shop.profiles()).filter(({ source }) => source !== 'shipped')).toMatchObject([
      { name: 'code-reviewer', description: 'Reviews code', source: 'claude' },
    ])
  })

  test('the roles that come with Atelier are profiles, and a file of the same name takes their place', async () => {
    const dir = await temporaryFolder()
    mkdirSync(join(dir, '.claude/agents'), { recursive: true })
    writeFileSync(
      join(dir, '.claude/agents/coder.md'),
      '---\nname: coder\ndescription: Ours\n---\nYou code as we do.\n',
    )
    const sourcesOf = (profiles: readonly { name: string; source: string }[]): unknown =>
      profiles.map(({ name, source }) => [name, source])
    const expected = [
      ['coder', 'claude'],
      ['planner', 'shipped'],
      ['reviewer', 'shipped'],
      ['tester', 'shipped'],
    ]
    const { shop, backend } = await openTeam({}, { dir })
    expect(sourcesOf(await shop.profiles())).toEqual(expected)
    const views = await openViews({ dir })
    onTestFinished(() => views.close())
    expect(sourcesOf(await views.profiles())).toEqual(expected)
    shop.agent('c', { profile: 'coder' })
    shop.agent('p', { profile: 'planner' })
    await shop.ask('c', 'hello')
    await shop.ask('p', 'hello')
    expect(backend.requests[0]?.systemPrompt).toBe('You code as we do.')
    expect(backend.requests[1]?.systemPrompt).toContain('Acceptance')
  })

  test('a configuration file declares backend, profiles and agents', async () => {
    const dir = await temporaryFolder()
    writeFileSync(
      join(dir, 'atelier.config.yaml'),
      [
        'backend: scripted',
        'scripted:',
        '  reply: "@AGENT@ says hello"',
        'profiles:',
        '  coder:',
        '    role: You write code.',
        '    timeout: 5m',
        'agents:',
        '  impl: { profile: coder }',
      ].join('\n'),
    )
    const shop = await openWorkshop({ dir, persistence: false })
    onTestFinished(() => shop.close())
    expect((await shop.ask('impl', 'hi')).text).toBe('impl says hello')
    expect(await shop.info('impl')).toMatchObject({
      profile: 'coder',
      timeoutMs: 300_000,
      role: 'You write code.',
    })
  })

  test('a wrong field of a configuration is named with its file, line and the allowed values', async () => {
    const dir = await temporaryFolder()
    writeFileSync(join(dir, 'atelier.config.yaml'), 'backend: scripted\npermissionMode: yolo\n')
    await expect(openWorkshop({ dir, persistence: false })).rejects.toMatchObject({
      code: 'invalid_config',
      message: expect.stringMatching(/atelier\.config\.yaml:2.*permissionMode.*accept_edits/su) as string,
    })
  })

  test('with gitContext agents get branch, status and recent commits', async () => {
    const dir = await temporaryFolder()
    const git = (...args: string[]): void =>
      void execFileSync('git', ['-C', dir, ...args], { stdio: 'ignore' })
    git('init', '-b', 'trunk')
    git('-c', 'user.name=t', '-c', 'user.email=t@x', 'commit', '--allow-empty', '-m', 'The first commit')
    writeFileSync(join(dir, 'new-file.txt'), 'new')
    const { shop, backend } = await openTeam({}, { dir })
    shop.agent('aware', 'Aware.', { gitContext: true })
    await shop.ask('aware', 'hello')
    const prompt = backend.requests[0]?.systemPrompt ?? ''
    expect(prompt).toMatch(/^Aware\./u)
    for (const fact of ['trunk', 'The first commit', 'new-file.txt']) expect(prompt).toContain(fact)
    expect(await shop.gitSummary()).toContain('trunk')
  })

  test('gitContext in a folder that is no repository does not stop the agent', async () => {
    const { shop } = await openTeam({ reply: 'fine' })
    shop.agent('aware', 'Aware.', { gitContext: true })
    expect((await shop.ask('aware', 'hello')).text).toBe('fine')
  })
})

describe('state', () => {
  test('has the agents of the configuration when the workshop is open, also where the store was busy', async () => {
    const dir = await temporaryFolder()
    await (await openWorkshop({ dir, host: 'none', config: false })).close()
    const other = new DatabaseSync(join(dir, '.atelier', 'state', 'atelier.db'))
    other.exec('BEGIN IMMEDIATE')
    const defined = Promise.withResolvers<void>()
    const backend = Object.assign(scriptedBackend({ clock: systemClock, script: {} }), {
      account: () => (defined.resolve(), 'us'),
    })
    const config = { backend: 'scripted', agents: { impl: { role: 'You code.' } } }
    const looked = openWorkshop({ dir, host: 'none', backends: [backend], config }).then(async (shop) => {
      onTestFinished(() => shop.close())
      return (await shop.status()).agents.map(({ name }) => name)
    })
    await defined.promise
    // Time for whoever does not wait to look too early.
    for (let turn = 0; turn < 200; turn++) await new Promise((next) => setImmediate(next))
    other.exec('COMMIT')
    other.close()
    expect(await looked).toEqual(['impl'])
  })

  test('a view of a folder without state shows an empty team and creates nothing', async () => {
    const dir = await temporaryFolder()
    const views = await openViews({ dir })
    expect(await views.status()).toEqual({
      agents: [],
      circuits: [],
      hosts: [],
      inbox: { question: 0, permission: 0, approval: 0, merge: 0 },
      costUsd: 0,
      assumedUsd: 0,
    })
    await views.close()
    expect(execFileSync('ls', ['-A', dir], { encoding: 'utf8' })).toBe('')
  })

  test('a workshop that is opened again has its team, history and costs', async () => {
    const dir = await temporaryFolder()
    const before = await openTeam({ reply: 'one', costUsd: 0.1 }, { dir, persistence: true })
    await before.shop.ask('impl', 'hello')
    await before.shop.close()
    const views = await openViews({ dir })
    onTestFinished(() => views.close())
    expect(await views.agents()).toEqual(['impl', 'reviewer', 'tests'])
    expect(await views.result('impl')).toBe('one')
    expect(await views.totalCost()).toBe(0.1)
  })
})
