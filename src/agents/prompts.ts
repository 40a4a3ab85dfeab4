/** Texts that the team itself puts into prompts. */

/** Comes before a piped result where the caller gives no message of their own. */
const DEFAULT_PIPE_MESSAGE = 'Here is the output from the previous step:'

/** The prompt of a pipe: the message, a blank line, and what the agent before answered. */
export function pipePrompt(message: string | undefined, result: string): string {
  return `${message ?? DEFAULT_PIPE_MESSAGE}\n\n${result}`
}

/** Longest part of a prompt that `status` shows as the current task. */
export const TASK_CHARACTERS = 36
