import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { openShop } from './shop.ts'

const CLAIMER = fileURLToPath(new URL('children/claimer.ts', import.meta.url))
const PROCESSES = 4
const AGENTS = 5
const RACES = 1000

interface Claimers {
  /** Lets every agent of the process claim an item; gives the owner where one won, and else the code. */
  race(item: string): Promise<string[]>
}

async function startClaimers(dir: string, names: readonly string[]): Promise<Claimers> {
  const child = spawn(process.execPath, [CLAIMER, dir, ...names], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  onTestFinished(async () => {
    child.stdin.end()
    await ended
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`The claimers ${names.join(', ')} have ended.`)
    return value
  }
  expect(await next()).toBe('ready')
  return {
    async race(item) {
      child.stdin.write(`${item}\n`)
      return (await next()).split(' ')
    },
  }
}

function nameOf(process: number, agent: number): string {
  return `p${process}_${agent}`
}

it('AS-22 A30: of 20 who race for an item in 4 processes exactly one wins, and it is visible at all times', async () => {
  const { shop, dir } = await openShop()
  for (let n = 0; n < PROCESSES * AGENTS; n++)
    await shop.agent(nameOf(n % PROCESSES, Math.floor(n / PROCESSES)), 'Races.').stored
  const claimers = await Promise.all(
    Array.from({ length: PROCESSES }, (_, process) =>
      startClaimers(
        dir,
        Array.from({ length: AGENTS }, (_each, agent) => nameOf(process, agent)),
      ),
    ),
  )
  const wins = new Map<string, number>()
  for (let n = 0; n < RACES; n++) {
    const id = `item_${n}`
    await shop.work(id, 'Race for it')
    const raced = Promise.all(claimers.map((each) => each.race(id)))
    expect(['ready', 'claimed']).toContain((await shop.item(id)).status)
    const outcomes = (await raced).flat()
    const winners = outcomes.filter((outcome) => outcome !== 'invalid_transition')
    expect(winners).toHaveLength(1)
    expect(outcomes).toHaveLength(PROCESSES * AGENTS)
    expect(await shop.item(id)).toMatchObject({ status: 'claimed', claimedBy: winners[0], attempts: 1 })
    wins.set(winners[0] as string, (wins.get(winners[0] as string) ?? 0) + 1)
  }
  // Nobody is shut out: else the race were none.
  expect(wins.size).toBeGreaterThan(PROCESSES)
}, 300_000)
