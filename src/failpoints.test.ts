import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { EFFECTS, FAILPOINTS, TRANSACTIONS, type Failpoint } from './failpoints.ts'

const MODULE = fileURLToPath(new URL('failpoints.ts', import.meta.url))

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

/** A fresh module as a process with this specification would load it, and how often it killed itself. */
async function armed(
  specification: string,
): Promise<{ crash: (point: Failpoint) => void; deaths: () => number }> {
  vi.stubEnv('ATELIER_FAILPOINTS', specification)
  vi.resetModules()
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
  const { crash } = await import('./failpoints.ts')
  return {
    crash,
    deaths: () =>
      kill.mock.calls.filter(([pid, signal]) => pid === process.pid && signal === 'SIGKILL').length,
  }
}

/** The hits, of so many, at which the process would have died. */
async function deathsOf(specification: string, hits: number): Promise<number[]> {
  const { crash, deaths } = await armed(specification)
  const died: number[] = []
  for (let hit = 1; hit <= hits; hit++) {
    const before = deaths()
    crash('turn.start.after-commit')
    if (deaths() > before) died.push(hit)
  }
  return died
}

describe('failpoints', () => {
  it('stand on both sides of every transaction and of every effect, once each', () => {
    expect(FAILPOINTS).toHaveLength(2 * (TRANSACTIONS.length + EFFECTS.length))
    expect(new Set(FAILPOINTS).size).toBe(FAILPOINTS.length)
    expect(FAILPOINTS).toContain('message.post.before-commit')
    expect(FAILPOINTS).toContain('message.post.after-commit')
    expect(FAILPOINTS).toContain('backend.run.before')
    expect(FAILPOINTS).toContain('backend.run.after')
  })

  it('do nothing unless they are armed', async () => {
    vi.stubEnv('ATELIER_FAILPOINTS', undefined)
    vi.resetModules()
    const kill = vi.spyOn(process, 'kill').mockReturnValue(true)
    const { crash } = await import('./failpoints.ts')
    for (const point of FAILPOINTS) crash(point)
    expect(kill).not.toHaveBeenCalled()
  })

  it('kill at the first hit of the named one', async () => {
    expect(await deathsOf('turn.start.after-commit', 3)).toEqual([1])
  })

  it('kill at the Nth hit if a number is given', async () => {
    expect(await deathsOf('turn.start.after-commit:3', 5)).toEqual([3])
  })

  it('leave every other one alone', async () => {
    expect(await deathsOf('turn.start.before-commit', 3)).toEqual([])
  })

  it('kill at random from a seed, the same way every time', async () => {
    const once = await deathsOf('random:7:0.25', 200)
    expect(await deathsOf('random:7:0.25', 200)).toEqual(once)
    expect(await deathsOf('random:8:0.25', 200)).not.toEqual(once)
    expect(once.length).toBeGreaterThan(30)
    expect(once.length).toBeLessThan(70)
  })

  it.each([
    ['random:1:0', 0],
    ['random:1:1', 20],
  ])('kill with the given probability: %s', async (specification, deaths) => {
    expect(await deathsOf(specification, 20)).toHaveLength(deaths)
  })

  it('end a real process with SIGKILL, on the spot', () => {
    const program = `import { crash } from ${JSON.stringify(MODULE)}; console.log('before'); crash('turn.finish.after-commit'); console.log('after')`
    const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, ATELIER_FAILPOINTS: 'turn.finish.after-commit' },
      encoding: 'utf8',
    })
    expect({ stdout, signal }).toEqual({ stdout: 'before\n', signal: 'SIGKILL' })
  })
})
