/** A project with a store, in which attempts ask for their merges. */
import { deepEqual } from 'node:assert/strict'
import { onTestFinished } from 'vitest'
import type { ItemDefinition, MergeMode } from '../../src/board/definition.ts'
import type { MergeRow } from '../../src/board/merge.ts'
import type { ItemRow } from '../../src/board/item.ts'
import { RETRY_PRESETS } from '../../src/board/retry-policy.ts'
import { DEFAULT_REWORK } from '../../src/board/rework.ts'
import type { EventOf, EventType } from '../../src/events.ts'
import { advanceChange } from '../../src/integration/changes.ts'
import { Integrator } from '../../src/integration/integrator.ts'
import { mergeSettled, requestMerge, type MergeSettlement } from '../../src/integration/requests.ts'
import { projection } from '../../src/projection.ts'
import type { Store } from '../../src/store.ts'
import { projectedRows, replay } from '../../src/testing/replay.ts'
import type { ChangeRow } from '../../src/board/change.ts'
import type { WorkspaceBench } from '../../src/testing/workspace-bench.ts'
import type { TeamContext } from '../../src/team/context.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { claimItem, postItems } from '../../src/workers/commands.ts'
import { worktreeWorkspaces } from '../../src/workspaces/worktree.ts'
import { project } from './support.ts'
import { openTeamStore } from './team-store.ts'

export const MAIN = 'refs/heads/main'

/** What an attempt made, and how it is to be merged. */
export interface Work {
  readonly files?: Readonly<Record<string, string>>
  /** The commit that it stands on; default is the tip of `main`. */
  readonly parent?: string
  readonly verify?: readonly string[]
  readonly mode?: MergeMode
  /** Its commands were green on its own branch; default true. */
  readonly verified?: boolean
  readonly target?: string
}

export interface Submitted {
  readonly merge: string
  readonly attempt: string
  readonly head: string
}

export class QueueBench {
  readonly shop: WorkspaceBench
  readonly store: Store
  readonly team: TeamContext
  /** What integrators report; one that a test does not take out fails it. */
  readonly errors: unknown[] = []

  private constructor(shop: WorkspaceBench, store: Store, team: TeamContext) {
    this.shop = shop
    this.store = store
    this.team = team
  }

  static async open(): Promise<QueueBench> {
    const shop = project()
    // In no test does the time of a poll come: a test that wants a look asks for it.
    const { store, team } = await openTeamStore(shop.stateDir, new ManualClock())
    const bench = new QueueBench(shop, store, team)
    onTestFinished(async () => {
      deepEqual(await projectedRows(store), replay(await store.events({ after: 0 }), projection))
      team.feed.close()
      await store.close()
      if (bench.errors.length > 0) throw bench.errors[0]
    })
    return bench
  }

  /** An integrator that is closed when the test is over, open unless the test opens it itself. */
  integrator(host: string = 'host_1'): Integrator {
    const integrator = new Integrator(this.team, {
      host,
      repositoryDir: this.shop.dir,
      stateDir: this.shop.stateDir,
      worktrees: async () => worktreeWorkspaces(this.shop),
      onError: (error) => this.errors.push(error),
    })
    onTestFinished(() => integrator.close())
    return integrator
  }

  /** An attempt that has claimed a new item. */
  async claim(item: string, work: Work = {}): Promise<string> {
    await this.post(item, work)
    return claimItem(this.team, item, 'impl')
  }

  async post(
    item: string,
    { verify = [], mode = 'auto' }: Work = {},
    dependsOn: readonly string[] = [],
  ): Promise<void> {
    const definition: ItemDefinition = {
      spec: null,
      input: null,
      verify: verify.map((run) => ({ run, timeoutMs: 60_000 })),
      retry: RETRY_PRESETS.none,
      rework: DEFAULT_REWORK,
      fallback: [],
      timeoutMs: null,
      maxCostUsd: null,
      agent: null,
      access: 'write',
      merge: mode,
      metadata: null,
    }
    await postItems(this.team, [
      {
        id: item,
        title: `Do ${item}`,
        type: 'code',
        priority: 3,
        value: 1,
        deadline: null,
        capability: null,
        definition: JSON.stringify(definition),
        dependsOn,
        estimateMs: 1,
        touches: [],
        change: null,
      },
    ])
  }

  /** An attempt at a new item that made a commit, and asks for its merge. */
  async submit(item: string, work: Work = {}): Promise<Submitted> {
    const attempt = await this.claim(item, work)
    const { files = { [`${item}.txt`]: `${item}\n` }, parent = 'main', mode = 'auto', verified = true } = work
    const { target = MAIN } = work
    const head = this.shop.commitOn(parent, files)
    const tree = this.shop.git('rev-parse', `${head}^{tree}`)
    const base = this.shop.git('rev-parse', parent)
    const facts = { change: item, item, attempt, head, target }
    await advanceChange(this.team, this.shop, { ...facts, from: null, tree, base })
    const merge = await requestMerge(this.team, { ...facts, mode, verified, title: `Do ${item}` })
    return { merge, attempt, head }
  }

  settled({ merge }: Pick<Submitted, 'merge'>): Promise<MergeSettlement> {
    return mergeSettled(this.team, merge)
  }

  merge({ merge }: Pick<Submitted, 'merge'>): Promise<MergeRow | undefined> {
    return this.store.read((reader) => reader.get('merge', merge))
  }

  change(id: string): Promise<ChangeRow | undefined> {
    return this.store.read((reader) => reader.get('change', id))
  }

  item(id: string): Promise<ItemRow | undefined> {
    return this.store.read((reader) => reader.get('item', id))
  }

  async eventsOf<T extends EventType>(type: T): Promise<readonly EventOf<T>[]> {
    const events = await this.store.events({ after: 0, types: [type] })
    return events as readonly EventOf<T>[]
  }

  /** How often each attempt stands in the history of a branch, on any line of it. */
  attemptsIn(branch: string): Readonly<Record<string, number>> {
    const output = this.shop.git('log', '--format=%(trailers:key=Atelier-Attempt,valueonly)', branch)
    const counts: Record<string, number> = {}
    for (const attempt of output.split('\n').filter(Boolean)) counts[attempt] = (counts[attempt] ?? 0) + 1
    return counts
  }

  tip(ref: string = 'main'): string {
    return this.shop.git('rev-parse', ref)
  }
}
