import { describe, expect, it } from 'vitest'
import { judgementOf, statusOf, whyNoVerdict } from './verdict.ts'

describe('an answer about work', () => {
  it('D03: is understood in the words of every source', () => {
    expect(judgementOf({ verdict: 'approve', score: 85, issues: ['x'], feedback: 'Good.' })).toEqual({
      verdict: 'approve',
      score: 85,
      issues: ['x'],
      feedback: 'Good.',
    })
    expect(judgementOf({ approved: false, quality_score: 40 })).toMatchObject({
      verdict: 'request_changes',
      score: 40,
    })
    expect(judgementOf({ approved: true }).verdict).toBe('approve')
    expect(judgementOf({ status: 'Changes requested' }).verdict).toBe('request_changes')
    expect(judgementOf({ verdict: 'Veto' }).verdict).toBe('veto')
    expect(judgementOf({ status: 'abstain' }).verdict).toBe('abstain')
  })

  it('says nothing with what is not known', () => {
    expect(judgementOf({ verdict: 'maybe', score: 'high', issues: null, feedback: 7 })).toEqual({
      verdict: null,
      score: null,
      issues: [],
      feedback: null,
    })
    expect(judgementOf({ verdict: 3, score: 101, issues: 'one' })).toMatchObject({
      verdict: null,
      score: null,
      issues: ['one'],
    })
    expect(judgementOf({ score: -1 }).score).toBeNull()
    expect(judgementOf(['approve'])).toMatchObject({ verdict: null, issues: [] })
  })

  it('is a verdict if it says what is decided or how good it is', () => {
    expect(whyNoVerdict({ score: 0 })).toBeUndefined()
    expect(whyNoVerdict({ approved: false })).toBeUndefined()
    expect(whyNoVerdict('Looks good.')).toBe('it is no JSON object')
    expect(whyNoVerdict({ feedback: 'Hm.' })).toBe('it has neither "verdict" nor "score"')
  })

  it('has the status that it says itself, else how it ended', () => {
    expect(statusOf('done', { status: 'partial' })).toBe('partial')
    expect(statusOf('done', 'Text.')).toBe('success')
    expect(statusOf('failed', null)).toBe('failed')
    expect(statusOf('skipped', null)).toBe('skipped')
  })
})
