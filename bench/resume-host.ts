/**
 * A process that opens a workshop in which a long run goes on, and says how long that took; see `workflow-runs.ts`.
 *
 * usage: resume-host.ts DIR N; N is the number of the stage that it can do
 */
import { openWorkshop } from '../src/workshop.ts'

export interface Resumed {
  /** From the call that opens the workshop to the start of the stage. */
  readonly ms: number
}

/** Stages behind the long chain: each process does one. */
export const FIRST_NEW_STAGES: readonly number[] = [0, 1, 2, 3, 4]

/** The function of a stage. */
export function functionOf(n: number): string {
  return `go-${n}`
}

if (process.argv[1] === import.meta.filename) {
  const [, , dir = '.', number = '0'] = process.argv
  const start = performance.now()
  await using shop = await openWorkshop({ dir, config: false })
  const started = new Promise<number>((resolve) => {
    shop.fn(functionOf(Number(number)), () => resolve(performance.now() - start))
  })
  const ms = await started
  for await (const event of shop.run('long-1').events())
    if (event.type === 'stage.done' && event.data.stage === `new-${number}`) break
  process.send?.({ ms } satisfies Resumed)
  process.disconnect()
}
