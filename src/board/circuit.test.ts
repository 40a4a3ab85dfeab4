import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { admit, afterCall, closedCircuit, type CircuitRow } from './circuit.ts'

const START = 1_000_000

function failed(times: number, from: CircuitRow = closedCircuit('agent:impl')): CircuitRow {
  return Array.from({ length: times }).reduce<CircuitRow>(
    (row, _, index) => afterCall(row, { id: `call_${index}`, ok: false }, START),
    from,
  )
}

/** The circuit with a probe on its way. */
function probing(now = START + 60_001): CircuitRow {
  const admitted = admit(failed(5), 'probe', now)
  if ('refused' in admitted) throw new Error('It was refused.')
  return admitted.circuit
}

function codeOf(admitted: ReturnType<typeof admit>): string {
  return 'refused' in admitted ? admitted.refused.code : admitted.circuit.state
}

describe('D15: a circuit', () => {
  it('AS-111: lets five calls fail and refuses the sixth without asking', () => {
    expect(codeOf(admit(failed(4), 'call_5', START))).toBe('closed')
    const row = failed(5)
    expect(row).toEqual({ key: 'agent:impl', state: 'open', failures: 5, since: START, probe: null })
    expect(admit(row, 'call_6', START + 1)).toEqual({
      refused: {
        code: 'circuit_open',
        message:
          'After 5 failures in a row nothing is sent to agent:impl: the next call is tried in 1 m 0 s. Look at its last error with: status.',
        details: { circuit: 'agent:impl', failures: 5, retryAfterMs: 60_000 },
      },
    })
  })

  it('AS-111: counts failures in a row only', () => {
    const row = afterCall(failed(4), { id: 'x', ok: true }, START)
    expect(row).toEqual(closedCircuit('agent:impl'))
    expect(afterCall(row, { id: 'y', ok: true }, START)).toBe(row)
    expect(failed(4, row).state).toBe('closed')
  })

  it('AS-111: lets one probe through after more than 60 s, and refuses the second call beside it', () => {
    expect(codeOf(admit(failed(5), 'probe', START + 60_000))).toBe('circuit_open')
    const row = probing()
    expect(row).toMatchObject({ state: 'half_open', probe: 'probe' })
    const second = admit(row, 'other', START + 60_002)
    expect('refused' in second && second.refused.message).toContain('one call is being tried')
  })

  it('AS-111: is closed by a probe that succeeds, and open for another 60 s after one that fails', () => {
    expect(afterCall(probing(), { id: 'probe', ok: true }, START)).toEqual(closedCircuit('agent:impl'))
    const again = afterCall(probing(), { id: 'probe', ok: false }, START + 70_000)
    expect(again).toMatchObject({ state: 'open', failures: 6, since: START + 70_000, probe: null })
    expect(codeOf(admit(again, 'x', START + 130_000))).toBe('circuit_open')
    expect(codeOf(admit(again, 'x', START + 130_001))).toBe('half_open')
  })

  it('takes no notice of calls that began before it opened', () => {
    const open = failed(5)
    expect(afterCall(open, { id: 'late', ok: true }, START)).toBe(open)
    const row = probing()
    expect(afterCall(row, { id: 'late', ok: true }, START)).toBe(row)
    expect(afterCall(row, { id: 'late', ok: false }, START)).toBe(row)
  })

  it('gives up a probe that never reports back after the same pause', () => {
    const row = probing(START + 61_000)
    expect(codeOf(admit(row, 'next', START + 121_000))).toBe('circuit_open')
    expect(admit(row, 'next', START + 121_001)).toMatchObject({ circuit: { probe: 'next' } })
    expect(afterCall(probing(), { id: 'next', ok: true }, START).state).toBe('half_open')
  })

  it('AS-111: stands by itself for each agent', () => {
    expect(failed(5).key).toBe('agent:impl')
    expect(codeOf(admit(closedCircuit('agent:tests'), 'x', START))).toBe('closed')
  })

  it('has other limits where it is given some', () => {
    const limits = { failureThreshold: 1, timeoutMs: 10 }
    const row = afterCall(closedCircuit('account:claude'), { id: 'x', ok: false }, START, limits)
    expect(row.state).toBe('open')
    expect(codeOf(admit(row, 'y', START + 11, limits))).toBe('half_open')
  })
})

it('the table at the top of the file is what the circuit does', () => {
  const rows = { closed: failed(4), open: failed(5), half_open: probing() }
  const derived = Object.entries(rows).map(([name, row]) => {
    const admitted = (at: number): string => {
      const result = admit(row, 'call', at)
      if ('refused' in result) return 'refused'
      return result.circuit === row ? 'admitted' : result.circuit.state
    }
    const since = row.since ?? START
    const failures = [row, { ...row, failures: 0 }].map(
      (each) => afterCall(each, { id: 'probe', ok: false }, START).state,
    )
    return [
      name,
      afterCall(row, { id: 'probe', ok: true }, START).state,
      [...new Set(failures)].toSorted().join(', or '),
      admitted(since + 60_000),
      admitted(since + 60_001),
    ]
  })
  const source = readFileSync(new URL('circuit.ts', import.meta.url), 'utf8')
  const lines = source.slice(0, source.indexOf('*/')).match(/^ \* \|.*\|$/gmu) ?? []
  const cells = lines.slice(2).map((line) =>
    line
      .slice(' * |'.length, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  expect(derived).toEqual(cells)
})
