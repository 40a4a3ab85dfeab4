import { expect, it } from 'vitest'
import { refusal } from '../../test/refusal.ts'
import { capabilitiesOf, skillsOf, toCapability, toWanted, wantedBy, wantedText } from './capability.ts'
import { parseAgentOptions, parseChoice } from './definition-schema.ts'

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

it('D21: a task asks for the role that does it', () => {
  expect(wantedBy({ task: 'system_design', complexity: 8 })).toEqual({ name: 'architect', minExpertise: 1 })
  expect(wantedBy({ task: 'system_design' })).toEqual({ name: 'developer', minExpertise: 1 })
  expect(wantedBy({ capability: 'review:8' })).toEqual({ name: 'review', minExpertise: 8 })
  expect(wantedBy({})).toBe(null)
  expect(parseChoice({ task: 'testing', among: ['a'] })).toEqual({
    capability: { name: 'tester', minExpertise: 1 },
    among: ['a'],
    routing: undefined,
  })
})

it.each([
  [{}, 'capability is missing; it must be a capability such as "review", or a task in its place'],
  [{ complexity: 3 }, 'capability is missing'],
  [{ capability: 'review', complexity: 3 }, 'complexity is 3; it must be left out where no "task" is named'],
  [
    { capability: 'review', task: 'testing' },
    'task is "testing"; it must be left out where "capability" says who does it, or stand in its place',
  ],
  [
    { task: 'two words' },
    'task is "two words"; it must be a word for the kind of task, such as system_design',
  ],
  [{ task: 'testing', complexity: 11 }, 'complexity is 11; it must be a whole number from 1 to 10'],
  [{ task: 'testing', complexity: 0 }, 'complexity is 0; it must be a whole number from 1 to 10'],
])('D21: a question for %j is refused', (choice, message) => {
  const error = refusal(() => parseChoice(choice))
  expect([error.code, error.message]).toEqual(['invalid_input', expect.stringContaining(message)])
})

it('D21: what says nothing of itself can do what its name says; what it says counts alone', () => {
  const review = toCapability('review:9')
  const tester = { name: 'tester', expertise: 5 }
  const reviewer = { name: 'reviewer', expertise: 5 }
  expect(capabilitiesOf({ name: 'impl' })).toBe(undefined)
  expect(capabilitiesOf({ name: 'impl' }, { name: 'senior' })).toBe(undefined)
  expect(capabilitiesOf({ name: 'tester' })).toEqual([tester])
  expect(capabilitiesOf({ name: 'tester.2' }, { name: 'senior' })).toEqual([tester])
  expect(capabilitiesOf({ name: 'tester', capabilities: [] })).toEqual([])
  expect(capabilitiesOf({ name: 'bob' }, { name: 'reviewer' })).toEqual([reviewer])
  expect(capabilitiesOf({ name: 'bob' }, { name: 'reviewer', capabilities: [review] })).toEqual([review])
  expect(capabilitiesOf({ name: 'tester' }, { name: 'reviewer' })).toEqual([reviewer, tester])
  const expert = { name: 'tester', expertise: 9 }
  expect(capabilitiesOf({ name: 'tester' }, { name: 'senior', capabilities: [expert] })).toEqual([expert])
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
