import { describe, expect, it } from 'vitest'
import { AtelierError } from '../errors.ts'
import { parseAnswer, parseRequest } from './request-schema.ts'

function refusal(input: unknown): string {
  try {
    parseRequest(input, 'impl')
    return 'accepted'
  } catch (error) {
    return error instanceof AtelierError ? `${error.code}: ${error.message}` : 'no AtelierError'
  }
}

describe('a request', () => {
  it('needs only its question: anyone answers, as they like, for as long as it takes', () => {
    expect(parseRequest({ question: 'Which database?' }, 'impl')).toEqual({
      question: 'Which database?',
      kind: 'question',
      scope: 'agent',
      subject: 'impl',
      details: null,
      defaultAnswer: null,
      options: null,
      whoMayAnswer: ['anyone'],
      withinMs: null,
    })
  })

  it('for an approval is for a person, who approves or rejects', () => {
    const input = {
      question: 'Deploy?',
      kind: 'approval',
      item: 'deploy',
      details: { to: 'eu', at: 1 },
      deadline: '1h',
      default: 'reject',
    }
    expect(parseRequest(input, 'impl')).toEqual({
      question: 'Deploy?',
      kind: 'approval',
      scope: 'item',
      subject: 'deploy',
      details: '{"at":1,"to":"eu"}',
      defaultAnswer: '"reject"',
      options: ['approve', 'reject'],
      whoMayAnswer: ['person'],
      withinMs: 3_600_000,
    })
  })

  it('is about a run or an agent, and takes what it says', () => {
    expect(parseRequest({ question: 'Go on?', run: 'run_1' }, 'impl')).toMatchObject({
      scope: 'run',
      subject: 'run_1',
    })
    const input = { question: 'A or b?', agent: 'tests', options: ['a', 'b'], whoMayAnswer: ['lead'] }
    expect(parseRequest(input, 'impl')).toMatchObject({
      scope: 'agent',
      subject: 'tests',
      options: ['a', 'b'],
      whoMayAnswer: ['lead'],
    })
  })

  it.each([
    [{ question: ' ' }, 'question'],
    [{ question: 'a', kind: 'order' }, 'one of question, permission, approval, merge'],
    [{ question: 'a', kind: 'approval', options: ['yes'] }, 'takes approve or reject'],
    [{ question: 'a', options: [] }, 'a list of 1 to 50 different texts'],
    [{ question: 'a', options: ['x', 'x'] }, 'a list of 1 to 50 different texts'],
    [{ question: 'a', default: 'x' }, 'left out where there is no deadline'],
    [{ question: 'a', deadline: '1h', options: ['x', 'y'], default: 'z' }, 'one of x, y'],
    [{ question: 'a', kind: 'permission', deadline: '1h', default: 'yes' }, 'one of approve, reject'],
    [{ question: 'a', item: 'i', agent: 'impl' }, 'the request is about the item "i"'],
    [{ question: 'a', whoMayAnswer: [] }, 'a list of names of agents or people'],
    [{ question: 'a', urgent: true }, 'urgent'],
  ])('is refused: %j', (input, text) => {
    expect(refusal(input)).toContain('invalid_input')
    expect(refusal(input)).toContain(text)
  })
})

describe('an answer', () => {
  it('is any JSON, with a comment or without', () => {
    expect(parseAnswer({ use: 'a' }, undefined)).toEqual({ answer: { use: 'a' }, comment: null })
    expect(parseAnswer('yes', 'since Monday')).toEqual({ answer: 'yes', comment: 'since Monday' })
  })

  it('is refused where it is none', () => {
    expect(() => parseAnswer(undefined, undefined)).toThrow(AtelierError)
    expect(() => parseAnswer(() => 1, undefined)).toThrow(AtelierError)
    expect(() => parseAnswer('yes', 5)).toThrow(AtelierError)
  })
})
