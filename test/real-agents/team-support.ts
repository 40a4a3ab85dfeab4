/**
 * Teams of real Claude Codes. Hosts are processes, so that they can be killed; the test is a client beside
 * them, and asks the model and the disk what really happened.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished } from 'vitest'

import type { ClaudeConfig } from '../../src/agent-backends/claude/config.ts'
import type { EventOf, EventType } from '../../src/events.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import type { Failpoint } from '../../src/failpoints.ts'
import type { ModelRequest } from '../../src/model-server/request-log.ts'
import type { ModelServer } from '../../src/model-server/server.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { startChild, type TestProcess } from '../hosts/processes.ts'
import { running } from '../processes/support.ts'
import { claudeBinary, claudeSettings, type ClaudeAccount, type ClaudePlace } from './support.ts'

const HOST = join(import.meta.dirname, 'team-host.ts')
/** More events than any of these tests makes. */
const ALL_EVENTS = 5000

export interface TeamOptions {
  readonly account?: ClaudeAccount
  readonly config?: ClaudeConfig
  /** Turns at the same time on one host; default 4. */
  readonly concurrency?: number
}

export interface Team {
  /** A client: it posts and waits, and runs nothing. */
  readonly shop: HostedWorkshop
  /** Starts a host that runs what waits. */
  host(): Promise<TestProcess>
  /** Starts a host that is killed at a failpoint; resolves when it is dead. */
  doomedHost(failpoint: Failpoint | `${Failpoint}:${number}`): Promise<void>
  /** Every event of a type so far. */
  events<T extends EventType>(type: T): Promise<readonly EventOf<T>[]>
}

/** Opens a team in a place; its agents run the pinned Claude Code on the model. */
export async function openTeam(
  place: ClaudePlace,
  server: ModelServer,
  { account, config, concurrency = 4 }: TeamOptions = {},
): Promise<Team> {
  const dir = place.project
  const shop = await openWorkshop({ dir, config: false, host: 'none' })
  shop.configure({
    backend: 'claude',
    backendConfig: { executable: claudeBinary(), ...config },
    env: claudeSettings(place, server, account),
  })
  const args = [dir, String(concurrency)]
  const hosts: TestProcess[] = []
  const start = (env: Readonly<Record<string, string>> = {}): TestProcess => {
    const host = startChild(HOST, args, env)
    hosts.push(host)
    return host
  }
  const events: Team['events'] = async (type) =>
    (await shop.events({ last: ALL_EVENTS, types: [type] })) as never
  // Before the hosts are killed: what they run ends with them.
  onTestFinished(async () => {
    for (const { id } of await shop.hosts()) await shop.stopHost(id, { now: true }).catch(() => {})
    await Promise.all(hosts.map((host) => host.ended))
    await shop.close()
  })
  return {
    shop,
    events,
    async host() {
      const host = start()
      await host.line('ready')
      return host
    },
    async doomedHost(failpoint) {
      const host = start({ ATELIER_FAILPOINTS: failpoint })
      expect(await host.ended, `${failpoint} was never reached: ${host.stderr()}`).toBeNull()
    },
  }
}

/** Kills a process with SIGKILL; resolves when it is gone. */
export async function kill({ child, ended }: TestProcess): Promise<void> {
  child.kill('SIGKILL')
  await ended
}

/** The processes of all turns of the team that still run. */
export async function leftOver(team: Team): Promise<readonly number[]> {
  const left: number[] = []
  for (const { data } of await team.events('turn.started')) left.push(...(await running(data.turn)))
  return left
}

/** How often each conversation has a prompt in it, at most: what was said to the model, and not only shown again. */
export function saidTo(server: ModelServer, prompt: string): ReadonlyMap<string, number> {
  const said = new Map<string, number>()
  for (const { kind, session = '', prompts } of server.requests) {
    const times = prompts.filter((one) => one.includes(prompt)).length
    if (kind === 'step' && times > 0) said.set(session, Math.max(said.get(session) ?? 0, times))
  }
  return said
}

/** How often the file of each session has a prompt in it. */
export function savedIn({ home }: ClaudePlace, prompt: string): ReadonlyMap<string, number> {
  const saved = new Map<string, number>()
  const projects = join(home, '.claude/projects')
  if (!existsSync(projects)) return saved
  for (const entry of readdirSync(projects, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.jsonl')) continue
    const lines = readFileSync(join(entry.parentPath, entry.name), 'utf8').split('\n').slice(0, -1)
    const times = lines.map((line) => JSON.parse(line) as SessionLine).filter((line) => says(line, prompt))
    if (times.length > 0) saved.set(entry.name.replace('.jsonl', ''), times.length)
  }
  return saved
}

interface SessionLine {
  readonly type: string
  readonly isSidechain?: boolean
  readonly message?: { readonly content: unknown }
}

function says({ type, isSidechain, message }: SessionLine, prompt: string): boolean {
  return type === 'user' && isSidechain !== true && JSON.stringify(message?.content).includes(prompt)
}

/** The requests that were answered whole, in the order of their arrival. */
export function answered(server: ModelServer): readonly ModelRequest[] {
  return server.find({ kind: 'step', end: 'answered' })
}

export function sumOf(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}
