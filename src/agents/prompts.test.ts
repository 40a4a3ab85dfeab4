import { expect, it } from 'vitest'
import { pipePrompt, TASK_CHARACTERS } from './prompts.ts'

it('AS-07: a pipe sends the message, a blank line and the result', () => {
  expect(pipePrompt('Review for correctness', 'const x = 1')).toBe('Review for correctness\n\nconst x = 1')
})

it('AS-09: a pipe without a message begins with a sentence of its own', () => {
  expect(pipePrompt(undefined, 'const x = 1')).toBe(
    'Here is the output from the previous step:\n\nconst x = 1',
  )
})

it('A16: a current task is shown in at most 36 characters', () => {
  expect(TASK_CHARACTERS).toBe(36)
})
