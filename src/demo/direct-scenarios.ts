/** The story of the direct demo for a scripted model, which has a real Claude Code do it with its own tools. */
import type { Scenarios, Step, ToolCall } from '../model-server/scenario.ts'
import type { Part } from './direct-story.ts'
import type { Act, FileEdit } from './story.ts'

/** A scenario for each turn, chosen by the key `fake-AGENT` and the number of the prompt. */
export function directScenarios(story: readonly Part[]): Scenarios {
  return Object.fromEntries(
    story.map((part) => [`${part.agent}#${part.turn}`, withUsage(answersOf(part.acts), part.usage)]),
  )
}

/** Words go with the tools that are called next; each result of tools is answered once. */
function answersOf(acts: readonly Act[]): Step[] {
  const answers: Step[] = []
  let text: string | undefined
  for (const act of acts) {
    if ('say' in act) {
      if (text !== undefined) answers.push({ text })
      text = act.say
      continue
    }
    for (const tools of 'run' in act ? [[bash(act.run)]] : fileTools(act.edits)) {
      answers.push({ ...(text !== undefined && { text }), tools })
      text = undefined
    }
  }
  return text === undefined ? answers : [...answers, { text }]
}

function bash(command: string): ToolCall {
  return { name: 'Bash', input: { command } }
}

/** Claude Code edits only what it has read. */
function fileTools(edits: readonly FileEdit[]): ToolCall[][] {
  const known = edits.filter(({ before }) => before !== undefined)
  const reads = known.map(({ path }): ToolCall => ({ name: 'Read', input: { file_path: placeOf(path) } }))
  return [...(reads.length === 0 ? [] : [reads]), edits.map(fileTool)]
}

function fileTool({ path, before, after }: FileEdit): ToolCall {
  const file_path = placeOf(path)
  if (before === undefined) return { name: 'Write', input: { file_path, content: after } }
  const { from, to } = changeOf(before.split('\n'), after.split('\n'))
  return { name: 'Edit', input: { file_path, old_string: from.join('\n'), new_string: to.join('\n') } }
}

function placeOf(path: string): string {
  return `@CWD@/${path}`
}

/** The lines between those that both texts begin and end with, and one before them, so that there are some. */
function changeOf(before: readonly string[], after: readonly string[]): { from: string[]; to: string[] } {
  const shortest = Math.min(before.length, after.length)
  let head = 0
  while (head < shortest && before[head] === after[head]) head++
  let tail = 0
  while (tail < shortest - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++
  const start = Math.max(0, head - 1)
  return { from: before.slice(start, before.length - tail), to: after.slice(start, after.length - tail) }
}

/** The tokens of a turn, spread over its calls of the model. */
function withUsage(answers: readonly Step[], { input, output }: Part['usage']): Step[] {
  const share = (tokens: number): number => Math.ceil(tokens / answers.length)
  return answers.map((answer) => ({ ...answer, usage: { input: share(input), output: share(output) } }))
}
