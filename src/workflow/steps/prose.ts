/** What an agent is told about a step of a step file. */
import type { Sources } from './links.ts'
import type { Step } from './step-schema.ts'

/** The title of a step: its action in words. */
export function titleOf({ action }: Step): string {
  const words = action
    .replaceAll(/[_-]+/gu, ' ')
    .replaceAll(/\{\{|\}\}/gu, ' ')
    .trim()
  return words === '' ? action.replaceAll('{{', '{ {') : words.charAt(0).toUpperCase() + words.slice(1)
}

/** The spec of a step; undefined where its title says all. */
export function specOf(step: Step, { made, folders }: Sources, scoring: string | null): string | undefined {
  const taken = [...made].flatMap(([maker, each]) =>
    each.map(({ artifact }) => (artifact === maker ? `what ${maker} did` : `${artifact}, made by ${maker}`)),
  )
  const created = step.creates ?? []
  const parts = [
    step.notes?.trim() ?? '',
    taken.length === 0 ? '' : `You build on: ${taken.join('; ')}.`,
    folders.length === 0 ? '' : `You work on what the project has in ${folders.join(', ')}.`,
    created.length === 0
      ? ''
      : `You create: ${created.join(', ')}. Say in your answer what is in it: who builds on it is given your answer.`,
    scoring ?? '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? undefined : plain(parts.join('\n\n'))
}

/** A text in which two braces are what they are: nothing in a step file stands for a value. */
export function plain(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}')
}
