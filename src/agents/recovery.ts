/** How a message goes on whose earlier turn never reported back: by what the session of that turn shows. */
import type { SessionRef, TurnRow, Usage } from '../tables.ts'

/** What a session shows of a prompt. */
export type SessionEvidence =
  /** It was sent and answered. */
  | { readonly shows: 'answer'; readonly text: string; readonly usage?: Usage; readonly session?: SessionRef }
  /** It was sent, and there is no final answer. */
  | { readonly shows: 'prompt' }
  /** The session is there, and the prompt is not in it; or it was never begun. */
  | { readonly shows: 'nothing' }
  | { readonly shows: 'unknown' }

/** What the next turn does. */
export type TurnPlan =
  | { readonly do: 'take'; readonly text: string; readonly usage: Usage | null; readonly session: SessionRef }
  | {
      readonly do: 'run'
      readonly prompt: string
      /** The session to go on with. */
      readonly resume: SessionRef | null
      /** The session to begin, named in advance. */
      readonly begin: SessionRef | null
    }

/** Sent instead of the prompt where the session has the prompt already. */
export const CONTINUE_PROMPT =
  'Your last turn was interrupted before it ended. Look at what is done already, and go on where you stopped.'

/** Comes before the prompt in a new session that cannot know what the interrupted turn did. */
export const HANDOFF_NOTE: string =
  'Note: an earlier attempt at this was interrupted before it reported back. ' +
  'Part of it may be done already; look before you repeat it.'

export interface PlanInput {
  readonly prompt: string
  /** The turn that ran this message last, if there was one. */
  readonly previous: Pick<TurnRow, 'state' | 'session' | 'begins'> | undefined
  readonly evidence: SessionEvidence
  /** The conversation that the agent continues. */
  readonly session: SessionRef | null
  /** The session that this turn would begin. */
  readonly begin: SessionRef | null
}

/** The session in which a turn spoke: the one it began, else the one it continued. */
export function sessionOfTurn(turn: Pick<TurnRow, 'session' | 'begins'>): SessionRef | null {
  return turn.begins ?? turn.session
}

/** Takes what is there, goes on where the session stands, sends again where nothing arrived, else hands over. */
export function planTurn({ prompt, previous, evidence, session, begin }: PlanInput): TurnPlan {
  const send: TurnPlan = { do: 'run', prompt, resume: session, begin: session === null ? begin : null }
  if (previous === undefined) return send
  const spoken = sessionOfTurn(previous)
  switch (evidence.shows) {
    case 'answer':
      if (spoken === null) return send
      return {
        do: 'take',
        text: evidence.text,
        usage: evidence.usage ?? null,
        session: evidence.session ?? spoken,
      }
    case 'prompt':
      return { do: 'run', prompt: CONTINUE_PROMPT, resume: spoken, begin: null }
    case 'nothing':
      return send
    case 'unknown':
      // A deferred turn reported back: its session goes on, and the prompt has not been worked on.
      if (previous.state !== 'lost') return send
      return { do: 'run', prompt: `${HANDOFF_NOTE}\n\n${prompt}`, resume: null, begin }
  }
}
