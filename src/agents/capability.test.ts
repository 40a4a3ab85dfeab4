import { expect, it } from 'vitest'
import { refusal } from '../../test/refusal.ts'
import { skillsOf, toCapability, toWanted, wantedText } from './capability.ts'
import { parseAgentOptions } from './definition-schema.ts'

it('D20: a capability is a word, a word with its expertise, or an object with everything', () => {
  expect(toCapability('review')).toEqual({ name: 'review', expertise: 5 })
  expect(toCapability('review:8')).toEqual({ name: 'review', expertise: 8 })
  expect(toCapability({ name: 'review' })).toEqual({ name: 'review', expertise: 5 })
  const whole = {
    name: 'review',
    expertise: 10,
    description: 'Reads patches',
    prerequisites: ['a patch'],
    outputs: ['findings'],
  }
  expect(toCapability({ ...whole, estimatedDuration: '10m' })).toEqual({
    ...whole,
    estimatedDurationMs: 600_000,
  })
})

it('what is asked for is written as it was read', () => {
  expect(['review', 'code:8'].map((each) => wantedText(toWanted(each)))).toEqual(['review', 'code:8'])
  expect(toWanted({ name: 'review', minExpertise: 3 })).toEqual({ name: 'review', minExpertise: 3 })
})

it('routing reads names and expertise alone', () => {
  expect(skillsOf([{ name: 'review', expertise: 8, description: 'Reads patches' }])).toEqual([
    { name: 'review', expertise: 8 },
  ])
  expect(skillsOf()).toEqual([])
})

it.each([
  [['review:11'], 'capabilities[0] is "review:11"; it must be a capability: a word such as "review"'],
  [[7], 'capabilities[0] is 7; it must be a capability: a word such as "review"'],
  [
    [{ name: 'code', expertise: 0 }],
    'capabilities[0].expertise is 0; it must be a whole number from 1 to 10',
  ],
  [['code', 'code:9'], 'capabilities[1] is "code:9"; it must be another one than those before it'],
  ['code', 'capabilities is "code"; it must be a list of capabilities'],
])('capabilities %j are refused', (capabilities, message) => {
  expect(refusal(() => parseAgentOptions('impl', { capabilities })).message).toContain(message)
})
