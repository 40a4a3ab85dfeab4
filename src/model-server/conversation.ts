/**
 * Where a conversation stands, read from one request alone. The server keeps nothing about sessions:
 * parallel agents, retries, resumes and forks all find their step by themselves.
 */

/** One thing that was said, in the order of the request. */
export type Exchange =
  /** Words of a user; what a client adds by itself is left out. */
  | { readonly by: 'user'; readonly text: string }
  /** The results of all tools that one answer called. */
  | { readonly by: 'tools'; readonly outputs: readonly string[] }
  /** The client itself asked the model to go on, such as after an answer that was cut short. */
  | { readonly by: 'client' }
  | { readonly by: 'model' }

/** What a wire reads from a request. */
export interface Conversation {
  readonly model: string
  readonly exchanges: readonly Exchange[]
  /** A request without tools, such as for a title: it gets a short answer and takes no step. */
  readonly side: boolean
  /** The answer is wanted piece by piece. */
  readonly stream: boolean
  /** The client's name for its session, if it says one. */
  readonly session?: string
  /** Where the agent works, if the request says it. */
  readonly cwd?: string
}

/** What the choice of an answer depends on. */
export interface Position {
  /** Every prompt of the conversation, with its markers. */
  readonly prompts: readonly string[]
  /** The last prompt, without markers. */
  readonly prompt: string
  /** How many times tools or the client answered since the last prompt: the index of the step. */
  readonly step: number
  /** Output of the last tool, or nothing. */
  readonly lastOutput: string
  /** The scenario that the last prompt names. */
  readonly scenario?: string
  readonly cwd: string
}

const MARKER = /\[\[(script|cwd):([^\]\n]+)\]\]\s?/gu

/** Finds the position of a request. */
export function positionOf({ exchanges, cwd = '' }: Conversation): Position {
  const start = exchanges.findLastIndex(({ by }) => by === 'user')
  const prompts = exchanges.flatMap((one) => (one.by === 'user' ? [one.text] : []))
  const results = exchanges.flatMap((one) => (one.by === 'tools' ? [one.outputs] : []))
  const last = prompts.at(-1) ?? ''
  const markers = new Map([...last.matchAll(MARKER)].map(([, name = '', value = '']) => [name, value]))
  const scenario = markers.get('script')
  return {
    prompts,
    prompt: last.replace(MARKER, ''),
    step: exchanges.slice(start + 1).filter(({ by }) => by === 'tools' || by === 'client').length,
    lastOutput: results.at(-1)?.at(-1) ?? '',
    cwd: markers.get('cwd') ?? cwd,
    ...(scenario !== undefined && { scenario }),
  }
}
