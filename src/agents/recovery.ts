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

/** Comes before the prompt where an attempt that was suspended goes on in its session. */
export const RESUME_NOTE: string =
  'You were interrupted while you worked on this, and go on now where you stopped: what you have done is as you left it. ' +
  'What you waited for is over. This is the task, with what was answered meanwhile:'

export interface PlanInput {
  readonly prompt: string
  /** The turn that ran this message last, if there was one. */
  readonly previous: Pick<TurnRow, 'state' | 'session' | 'begins'> | undefined
  readonly evidence: SessionEvidence
  /** The conversation that the agent continues. */
  readonly session: SessionRef | null
  /** The session that this turn would begin. */
  readonly begin: SessionRef | null
  /** `previous` is the last turn of an attempt that was suspended, and ended for that. */
  readonly isSuspended?: boolean
}

/** The session in which a turn spoke: the one it began, else the one it continued. */
export function sessionOfTurn(turn: Pick<TurnRow, 'session' | 'begins'>): SessionRef | null {
  return turn.begins ?? turn.session
}

/** Takes what is there, goes on where the session stands, sends again where nothing arrived, else hands over. */
export function planTurn(input: PlanInput): TurnPlan {
  const { prompt, previous, evidence, session, begin, isSuspended = false } = input
  const send: TurnPlan = { do: 'run', prompt, resume: session, begin: session === null ? begin : null }
  if (previous === undefined) return send
  const spoken = sessionOfTurn(previous)
  if (isSuspended) return planResumed(input, spoken)
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

/**
 * Goes on in the session of a suspended attempt. Its answer does not count, if there is one: it was about something that is
 * answered only now. A session that cannot be had here, such as one of another machine, is handed over.
 */
function planResumed({ prompt, previous, evidence, begin }: PlanInput, spoken: SessionRef | null): TurnPlan {
  // A session that the turn was to begin holds nothing yet.
  if (evidence.shows === 'nothing' && previous?.begins != null)
    return { do: 'run', prompt, resume: null, begin }
  if (evidence.shows === 'unknown' || spoken === null)
    return { do: 'run', prompt: `${HANDOFF_NOTE}\n\n${prompt}`, resume: null, begin }
  return { do: 'run', prompt: `${RESUME_NOTE}\n\n${prompt}`, resume: spoken, begin: null }
}
