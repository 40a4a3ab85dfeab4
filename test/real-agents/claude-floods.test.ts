/** A program in the place of Claude Code that prints without end: the turn fails, and its host stays small. */
import { readFileSync } from 'node:fs'

import { describe, expect, it } from 'vitest'

import { impostor, LINES } from './impostor.ts'
import { useClaude } from './support.ts'
import { leftOver, openTeam } from './team-support.ts'

const place = useClaude()
const GIB = 2 ** 30
/** Measured: 40 to 185 MiB, most of it garbage that V8 has not collected yet; unbounded it would be a GiB and more. */
const MOST_MEMORY = 256 * 2 ** 20

/** The most memory that a process ever had, bytes. */
function peakOf(pid: number): number {
  const kib = /VmHWM:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) * 1024
}

const text = 'Now I look at the next file, and then at the one after that. '.repeat(40)
const piece = JSON.stringify({
  type: 'stream_event',
  event: { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
})
const begin = JSON.stringify({ type: 'stream_event', event: { type: 'message_start', message: { id: 'm' } } })
const block = JSON.stringify({
  type: 'stream_event',
  event: { type: 'content_block_start', index: 0, content_block: { type: 'text' } },
})
const news = JSON.stringify({ type: 'news', text })
const said = JSON.stringify({ type: 'assistant', message: { id: 'm', content: [{ type: 'text', text }] } })

describe.runIf(process.platform === 'linux')('a flood of 1 GiB (E12)', () => {
  it.each([
    ['of one line', `tr '\\0' x < /dev/zero | head -c ${GIB}`],
    ['of lines that are not Claude Code’s', `yes 'This is no line of Claude Code.' | head -c ${GIB}`],
    [
      'of pieces of one text',
      `printf '%s\\n' '${LINES.init}' '${begin}' '${block}'; yes '${piece}' | head -c ${GIB}`,
    ],
    ['of texts', `printf '%s\\n' '${LINES.init}'; yes '${said}' | head -c ${GIB}`],
    ['of lines that are not known', `printf '%s\\n' '${LINES.init}'; yes '${news}' | head -c ${GIB}`],
    ['on stderr', `yes 'Warning!' | head -c ${GIB} >&2`],
  ])('%s fails the turn as `protocol`, and the host needs little memory for it', async (_what, script) => {
    const server = await place.serve({ scenarios: {} })
    const team = await openTeam(place, server, { config: { executable: impostor(place, script) } })
    const host = await team.host()
    const pid = host.child.pid as number
    const before = peakOf(pid)
    team.shop.agent('impl', 'Implements.')
    await expect(team.shop.ask('impl', 'Go')).rejects.toMatchObject({
      code: 'turn_failed',
      details: { kind: 'protocol' },
    })
    expect(peakOf(pid) - before).toBeLessThan(MOST_MEMORY)
    expect(await leftOver(team)).toEqual([])
  })
})
