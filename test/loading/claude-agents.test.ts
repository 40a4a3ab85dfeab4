import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ProfileDefinition } from '../../src/agents/definition.ts'
import { loadClaudeAgents, type LoadWarning } from '../../src/loading/claude-agents.ts'
import { folderWith } from './files.ts'

const REVIEWER = `---
name: code-reviewer
description: Expert code review specialist. Use proactively after writing code.
tools: Read, Grep, Glob, Bash
model: inherit
---

You are a senior code reviewer.

When invoked:
1. Run git diff
2. Begin review immediately
---
Keep it short.
`

/** As Claude Code's own \`/agents\` writes it: not valid YAML, since the description holds colons. */
const GENERATED = `---
name: release-notes
description: Use this agent when you need release notes. Examples: <example>Context: A tag was pushed. user: "Write them" assistant: "I'll use the agent" #done</example>
tools: *
color: purple
---
You write release notes.
`

async function load(files: Readonly<Record<string, string | Uint8Array>>): Promise<{
  readonly profiles: Readonly<Record<string, ProfileDefinition>>
  readonly warnings: readonly Omit<LoadWarning, 'file'>[]
  readonly files: readonly string[]
}> {
  const dir = folderWith(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`.claude/agents/${name}`, text])),
  )
  const { profiles, warnings } = await loadClaudeAgents(dir, { home: dir })
  const folder = join(dir, '.claude', 'agents', '/')
  return {
    profiles: Object.fromEntries(profiles.map(({ name, profile }) => [name, profile])),
    warnings: warnings.map(({ line, message }) => ({ line, message: message.replaceAll(folder, '') })),
    files: warnings.map(({ file }) => file.replace(folder, '')),
  }
}

/** A subagent with these further lines in its front matter, the first of them being line 4 of the file. */
function agentWith(...lines: readonly string[]): string {
  return `---\nname: impl\ndescription: Implements\n${lines.map((line) => `${line}\n`).join('')}---\nYou implement.\n`
}

describe('loadClaudeAgents', () => {
  it('reads a subagent as a profile: its text is the role', async () => {
    const { profiles, warnings } = await load({ 'code-reviewer.md': REVIEWER })
    expect(warnings).toEqual([])
    expect(profiles).toEqual({
      'code-reviewer': {
        role: 'You are a senior code reviewer.\n\nWhen invoked:\n1. Run git diff\n2. Begin review immediately\n---\nKeep it short.',
        description: 'Expert code review specialist. Use proactively after writing code.',
        fields: { allowedTools: ['Read', 'Grep', 'Glob', 'Bash'] },
      },
    })
  })

  it('reads every field that it can use', async () => {
    const { profiles, warnings } = await load({
      'impl.md': agentWith(
        'tools:',
        '  - Read',
        '  - Bash(git log:*, git diff:*)',
        'disallowedTools: Write, Bash(rm:*, mv:*)',
        'model: opus',
        'permissionMode: acceptEdits',
        'maxTurns: 12',
        'effort: high',
      ),
    })
    expect(warnings).toEqual([])
    expect(profiles['impl']?.fields).toEqual({
      allowedTools: ['Read', 'Bash(git log:*, git diff:*)'],
      disallowedTools: ['Write', 'Bash(rm:*, mv:*)'],
      model: 'opus',
      permissionMode: 'accept_edits',
      maxTurns: 12,
      effort: 'high',
    })
  })

  it.each([
    ['default', 'default'],
    ['acceptEdits', 'accept_edits'],
    ['bypassPermissions', 'bypass_permissions'],
    ['dontAsk', 'dont_ask'],
    ['plan', 'plan'],
  ])('takes the permission mode %s as %s', async (theirs, ours) => {
    const { profiles } = await load({ 'impl.md': agentWith(`permissionMode: ${theirs}`) })
    expect(profiles['impl']?.fields).toEqual({ permissionMode: ours })
  })

  it.each([
    ['tools: []', { allowedTools: [] }],
    ['tools: ""', { allowedTools: [] }],
    ['tools: "*"', {}],
    ['tools: Read', { allowedTools: ['Read'] }],
    ['tools: " Read ,, Grep, "', { allowedTools: ['Read', 'Grep'] }],
    ['tools:', {}],
    ['model: inherit', {}],
  ])('understands %s', async (line, fields) => {
    const { profiles, warnings } = await load({ 'impl.md': agentWith(line) })
    expect(warnings).toEqual([])
    expect(profiles['impl']?.fields).toEqual(fields)
  })

  it('reads files that are not strict YAML, as Claude Code writes them', async () => {
    const { profiles, warnings } = await load({ 'release-notes.md': GENERATED })
    expect(profiles['release-notes']).toMatchObject({
      role: 'You write release notes.',
      description: expect.stringMatching(
        /^Use this agent when .* Examples: <example>Context: .* #done<\/example>$/u,
      ) as string,
      fields: {},
    })
    expect(warnings).toEqual([{ line: 5, message: 'The field color is not used yet.' }])
  })

  it('reads Windows line ends, a byte-order mark and any language', async () => {
    const text = '---\nname: pruefer\ndescription: Prüft 日本語 🎉\n---\nDu prüfst.\n\nGründlich. 🎉\n'
    const { profiles, warnings } = await load({
      'crlf.md': `\uFEFF${text.replaceAll('\n', '\r\n')}`,
      'no-last-line-end.md': '---\nname: short\ndescription: Short\n---\nShort.',
    })
    expect(warnings).toEqual([])
    expect(profiles['pruefer']).toEqual({
      role: 'Du prüfst.\n\nGründlich. 🎉',
      description: 'Prüft 日本語 🎉',
      fields: {},
    })
    expect(profiles['short']?.role).toBe('Short.')
  })

  it('warns about each field that it does not use yet, or does not know, and loads the rest', async () => {
    const { profiles, warnings } = await load({
      'impl.md': agentWith(
        'skills: [pdf]',
        'mcpServers: { github: {} }',
        'hooks: {}',
        'memory: project',
        'background: true',
        'isolation: worktree',
        'initialPrompt: Hi',
        'color: red',
        'max_turns: 5',
        'zzzzzzzzzzzzzzzzzzzz: 1',
        'model: sonnet',
      ),
    })
    expect(profiles['impl']?.fields).toEqual({ model: 'sonnet' })
    const unused = [
      'skills',
      'mcpServers',
      'hooks',
      'memory',
      'background',
      'isolation',
      'initialPrompt',
      'color',
    ]
    expect(warnings).toEqual([
      ...unused.map((field, index) => ({ line: index + 4, message: `The field ${field} is not used yet.` })),
      { line: 12, message: 'The field "max_turns" is not known. Did you mean maxTurns?' },
      { line: 13, message: 'The field "zzzzzzzzzzzzzzzzzzzz" is not known.' },
    ])
  })

  it('is silent about what is empty or switched off', async () => {
    expect((await load({ 'impl.md': agentWith('background: false', 'skills:') })).warnings).toEqual([])
  })

  it.each([
    ['no front matter', 'Just a note.\n', 1, 'it has no front matter'],
    ['nothing', '', 1, 'it has no front matter'],
    ['front matter without an end', '---\nname: impl\n', 1, 'its front matter has no end'],
    ['front matter that is no object', '---\n- name\n---\nx\n', 2, 'its front matter must be fields'],
    ['empty front matter', '---\n---\nx\n', 2, 'its front matter must be fields'],
    ['broken YAML', agentWith('tools: [Read', 'model: x'), 5, 'its front matter is not valid YAML: '],
    [
      'a field twice',
      agentWith('model: x', 'model: y'),
      5,
      'its front matter is not valid YAML: Map keys must be unique',
    ],
    ['no name', '---\ndescription: x\n---\nx\n', null, 'name is missing; it must be 1 to 64 characters'],
    [
      'no description',
      '---\nname: impl\n---\nx\n',
      null,
      'description is missing; it must be a text that is not blank',
    ],
    [
      'another name',
      '---\ndescription: x\nname: My Agent\n---\nx\n',
      3,
      'name is "My Agent"; it must be 1 to 64 characters',
    ],
    [
      'a list as description',
      '---\nname: impl\ndescription: [x]\n---\nx\n',
      3,
      'description is a list; it must be a text',
    ],
    ['no text', '---\nname: impl\ndescription: x\n---\n \n', null, 'there is no text below the front matter'],
    [
      'an unknown permission mode',
      agentWith('permissionMode: readOnly'),
      4,
      'permissionMode is "readOnly"; it must be one of default, acceptEdits',
    ],
    [
      'wrong maxTurns',
      agentWith('maxTurns: many'),
      4,
      'maxTurns is "many"; it must be a whole number of at least 1',
    ],
    ['no turns', agentWith('maxTurns: 0'), 4, 'maxTurns is 0; it must be'],
    ['wrong tools', agentWith('tools: { Read: true }'), 4, 'tools is an object; it must be a list of tools'],
    [
      'a wrong tool',
      agentWith('disallowedTools: [5]'),
      4,
      'disallowedTools is a list; it must be a list of tools',
    ],
    [
      'half of a tool',
      agentWith('tools: "Bash(git log:*, Read"'),
      4,
      'tools is "Bash(git log:*, Read"; it must be',
    ],
    [
      'the other half of a tool',
      agentWith('tools: "Bash, git log:*), (x"'),
      4,
      'tools is "Bash, git log:*), (x"; it must be a list of tools',
    ],
    ['a wrong model', agentWith('model: 5'), 4, 'model is 5; it must be the name of a model'],
    ['a wrong effort', agentWith('effort: [high]'), 4, 'effort is a list; it must be a word'],
    ['binary data', new Uint8Array([0xff, 0xfe, 0x00]), null, 'it is not UTF-8 text'],
  ])('leaves a file with %s out, says where and why, and loads the others', async (_, text, line, why) => {
    const { profiles, warnings, files } = await load({
      'broken.md': text,
      'code-reviewer.md': REVIEWER,
      'README.txt': '',
    })
    expect(Object.keys(profiles)).toEqual(['code-reviewer'])
    expect(files).toEqual(['broken.md'])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.line).toBe(line)
    expect(warnings[0]?.message).toContain(`The file was left out: ${why}`)
  })

  it('takes the first of two files with the same name, and says so', async () => {
    const { profiles, warnings, files } = await load({
      'a.md': agentWith('model: opus'),
      'b.md': agentWith('model: haiku'),
    })
    expect(profiles['impl']?.fields).toEqual({ model: 'opus' })
    expect(files).toEqual(['b.md'])
    expect(warnings).toEqual([
      { line: null, message: 'The name "impl" is taken by a.md; this file was left out.' },
    ])
  })

  it("reads the user's own only if asked to, and prefers those of the project", async () => {
    const project = folderWith({ '.claude/agents/impl.md': agentWith('model: opus') })
    const home = folderWith({
      '.claude/agents/impl.md': agentWith('model: haiku'),
      '.claude/agents/code-reviewer.md': REVIEWER,
      '.claude/agents/note.md': 'Just a note.\n',
    })
    expect((await loadClaudeAgents(project, { home })).profiles.map(({ name }) => name)).toEqual(['impl'])
    const { profiles, warnings } = await loadClaudeAgents(project, { home, user: true })
    expect(profiles.map(({ name, scope, file }) => [name, scope, file])).toEqual([
      ['impl', 'project', join(project, '.claude/agents/impl.md')],
      ['code-reviewer', 'user', join(home, '.claude/agents/code-reviewer.md')],
    ])
    expect(profiles[0]?.profile.fields.model).toBe('opus')
    expect(warnings.map(({ file }) => file)).toEqual([join(home, '.claude/agents/note.md')])
  })

  it('finds none where there is no such folder', async () => {
    expect(await loadClaudeAgents(folderWith())).toEqual({ profiles: [], warnings: [] })
    expect(await loadClaudeAgents(folderWith({ '.claude': '' }))).toEqual({ profiles: [], warnings: [] })
  })

  it('leaves out what is no file, and does not wait for a pipe', async () => {
    const dir = folderWith({ '.claude/agents/impl.md': agentWith() })
    mkdirSync(join(dir, '.claude/agents/folder.md'))
    execFileSync('mkfifo', [join(dir, '.claude/agents/pipe.md')])
    const { profiles, warnings } = await loadClaudeAgents(dir)
    expect(profiles.map(({ name }) => name)).toEqual(['impl'])
    expect(warnings.map(({ message }) => message)).toEqual(
      Array.from({ length: 2 }, () => 'The file was left out: it is not a regular file.'),
    )
  })

  it.skipIf(process.getuid?.() === 0)('says so if the folder cannot be read', async () => {
    const dir = folderWith({ '.claude/agents/impl.md': agentWith() })
    chmodSync(join(dir, '.claude/agents'), 0)
    const { warnings } = await loadClaudeAgents(dir)
    chmodSync(join(dir, '.claude/agents'), 0o700)
    expect(warnings[0]?.message).toContain('The folder was left out: EACCES')
  })
})
