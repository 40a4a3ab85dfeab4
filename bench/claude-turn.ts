/**
 * What Atelier adds to a turn of Claude Code: an ask of a new agent, minus the same program run bare, with
 * the same arguments, environment and input.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AgentBackend, TurnRequest } from '../src/agent-backend.ts'
import { claudeBackend } from '../src/agent-backends/claude.ts'
import { readClaudeConfig } from '../src/agent-backends/claude/config.ts'
import { invocationOf } from '../src/agent-backends/claude/invocation.ts'
import { newId, newUuid } from '../src/ids.ts'
import { openWorkshop } from '../src/workshop.ts'
import { inClaudePlace, missingClaudeCode, type ClaudePlace } from './claude-place.ts'
import type { Measurement } from './figure.ts'
import { interleaved, median, quantile } from './measuring.ts'

const PAIRS = 15
const PROMPT = 'Say hello.'

export const claudeTurnOverhead: Measurement = {
  name: 'claude_turn_overhead_ms',
  what: 'a turn of a real Claude Code on a scripted model, minus the same program run bare, p50 of pairs',
  unit: 'ms',
  target: { valueAtMost: 100 },
  missing: missingClaudeCode,
  measure: (progress) =>
    inClaudePlace({ scenarios: { default: [{ text: 'Hello.' }] } }, async (place) => {
      const recorder = recordingBackend()
      await using shop = await openWorkshop({
        dir: place.project,
        config: false,
        backends: [recorder.backend],
      })
      shop.configure({
        backend: recorder.backend.id,
        backendConfig: { executable: place.executable },
        env: place.env,
      })
      let agents = 0
      const ask = async (): Promise<number> => {
        const agent = `agent_${agents++}`
        await shop.agent(agent, 'Answers at once.').stored
        const start = performance.now()
        await shop.ask(agent, PROMPT)
        return performance.now() - start
      }
      const bare = (): Promise<number> => bareTurn(place, recorder.request())
      // The first run makes folders, and tells what to run bare.
      await ask()
      await bare()
      const { first, second } = await interleaved(PAIRS, ask, bare)
      const overheads = first.map((ms, pair) => ms - (second[pair] ?? 0))
      progress(
        `${median(first).toFixed(0)} ms, bare ${median(second).toFixed(0)} ms; p90 of the difference ${quantile(overheads, 0.9).toFixed(0)} ms`,
      )
      return { value: median(overheads) }
    }),
}

/** Claude Code's backend; the last request to it is kept. */
function recordingBackend(): { readonly backend: AgentBackend; request(): TurnRequest } {
  const inner = claudeBackend()
  let last: TurnRequest | undefined
  const backend: AgentBackend = {
    id: inner.id,
    capabilities: () => inner.capabilities(),
    detect: () => inner.detect(),
    validate: (config) => inner.validate?.(config),
    account: (env) => inner.account?.(env) ?? inner.id,
    run(request, signal) {
      last = request
      return inner.run(request, signal)
    },
    close: () => inner.close(),
  }
  return {
    backend,
    request() {
      if (last === undefined) throw new Error('Nothing was run yet.')
      return last
    },
  }
}

/** From the start of the program to its end, in a session and with a marker of its own. */
async function bareTurn({ executable }: ClaudePlace, recorded: TurnRequest): Promise<number> {
  const request = { ...recorded, turn: newId('turn') }
  const session = { id: newUuid(), hasNewSystemPrompt: false }
  const settings = readClaudeConfig(request.backendConfig ?? {}, 'backendConfig')
  const { args, env, input, discard } = await invocationOf(settings, request, session)
  const start = performance.now()
  const child = spawn(executable, args, {
    cwd: request.cwd,
    env,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  })
  const exit = once(child, 'exit')
  child.stdin.write(input)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece
    // As in a turn: its input stays open until its result.
    if (output.includes('"type":"result"')) child.stdin.end()
  })
  const [code] = (await exit) as [number | null]
  const ms = performance.now() - start
  await discard()
  if (code !== 0 || !output.includes('"is_error":false'))
    throw new Error(`The bare Claude Code ended with ${code}: ${output.slice(-500)}`)
  return ms
}
