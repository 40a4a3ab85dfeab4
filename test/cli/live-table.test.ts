/** `atelier workflow run` on a terminal of 80 columns and 24 lines: the table that goes with the run. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { onTerminal, project } from './support.ts'
import { Screen } from './screen.ts'

const TEAM = {
  backend: 'scripted',
  scripted: {
    costUsd: 0.0123,
    rules: [
      { match: 'Judge', times: 1, steps: [{ delay: 400 }, { say: '{"score": 55, "issues": ["長い文章"]}' }] },
      { match: 'Judge', steps: [{ delay: 400 }, { say: '{"score": 82}' }] },
      { match: 'Step', steps: [{ delay: 30 }, { say: 'ok' }] },
      { match: 'Build', steps: [{ delay: 600 }, { say: 'built' }] },
    ],
    reply: 'ok',
  },
  agents: {
    'an-agent-with-a-name-that-is-rather-long-for-a-table': { role: 'You build.' },
    reviewer: { role: 'You review.' },
  },
}

/** Titles wider than any screen, of two columns a character, and with codes that would clear it. */
const FEATURE = `
agent: an-agent-with-a-name-that-is-rather-long-for-a-table
stages:
  - {id: build-all-of-it-with-an-id-that-is-long, title: ${'Build a part of it and '.repeat(8)}}
  - {id: each, title: 設計書を読んで、足りないところを全部書き出してください。長い文章はここで切れるはずです, needs: build-all-of-it-with-an-id-that-is-long, map: {over: '[1, 2, 3]'}}
  - {id: shell, run: echo ok, title: "\\e[2J\\e]0;owned\\aTake over", needs: build-all-of-it-with-an-id-that-is-long}
  - {id: judge, title: Judge it, needs: [each, shell], gate: {reviewer: reviewer, on_reject: build-all-of-it-with-an-id-that-is-long}}
result: build-all-of-it-with-an-id-that-is-long
`

const MANY = `
agent: reviewer
stages:
${Array.from({ length: 40 }, (_, index) => `  - {id: s${index}, title: Step ${index}${index < 4 ? '' : `, needs: s${index - 4}`}}`).join('\n')}
`

function ranOnScreen(workflow: string, words: string, env: Record<string, string> = {}): Screen {
  const dir = project(TEAM)
  mkdirSync(join(dir, '.atelier', 'workflows'), { recursive: true })
  writeFileSync(join(dir, '.atelier', 'workflows', 'live.yaml'), workflow)
  return new Screen({ columns: 80, height: 24 }).write(onTerminal(words, { dir, env }))
}

describe('workflow run on a terminal', () => {
  it('is a table with stages, rounds, costs and what is left, drawn in its place: nothing wraps, and one is left at the end (A42, A43)', () => {
    const screen = ranOnScreen(FEATURE, 'workflow run live')
    expect(screen.surprises).toEqual([])
    expect(screen.broken).toEqual([])
    const seen = screen.frames.map((lines) => lines.join('\n'))
    const running = seen.filter((text) => /^live-1 {2}running {2}/mu.test(text))
    expect(running.length).toBeGreaterThan(1)
    for (const text of running) {
      expect(text.match(/^live-1 /gmu)).toHaveLength(1)
      expect(text).toMatch(/^STAGE +STATUS +WHO/mu)
      expect(text).toContain('Ctrl-C stops watching; the run is kept.')
    }
    expect(running.some((text) => /of 4 stages · .* left \(assumed\)/u.test(text))).toBe(true)
    expect(running.some((text) => /^build-all-of-it-with-an… #2 +(running|done)/mu.test(text))).toBe(true)
    const last = screen.lines.join('\n')
    expect(last.match(/^live-1 /gmu)).toHaveLength(2)
    expect(last).toMatch(/^live-1 {2}completed {2}4 of 4 stages · .* · \$0\.\d+$/mu)
    expect(last).toMatch(/^judge #2 +done .*55 -> 82/mu)
    expect(last).toMatch(/^live-1 is completed after .*, \$0\.\d+\.$/mu)
    expect(last).not.toMatch(/Ctrl-C|left|owned|running/u)
  }, 60_000)

  it('is cut to the screen where there are more stages than lines, and says how many are not shown (A43)', () => {
    const screen = ranOnScreen(MANY, 'workflow run live', { NO_COLOR: '1' })
    expect(screen.surprises).toEqual([])
    expect(screen.broken).toEqual([])
    const running = screen.frames.filter((lines) => lines.some((line) => line.startsWith('live-1  running')))
    expect(running.length).toBeGreaterThan(1)
    for (const lines of running) {
      expect(lines.length).toBeLessThanOrEqual(24)
      expect(lines.filter((line) => line.startsWith('live-1 '))).toHaveLength(1)
    }
    expect(running[0]?.join('\n')).toMatch(/^… .* not shown$/mu)
    expect(screen.lines.filter((line) => line.startsWith('live-1  completed'))).toHaveLength(1)
  }, 60_000)
})
