/** What an answer says about the work that it judges. The words of every vocabulary that Atelier speaks are understood. */
import type { Json } from '../json.ts'

export type Verdict = 'approve' | 'request_changes' | 'veto' | 'abstain'

/** What an answer says, as far as it says it. */
export interface Judgement {
  readonly verdict: Verdict | null
  /** 0 to 100. */
  readonly score: number | null
  readonly issues: readonly Json[]
  readonly feedback: string | null
}

const WORDS: Readonly<Record<Verdict, readonly string[]>> = {
  approve: ['approve', 'approved', 'accept', 'accepted', 'pass', 'passed', 'success', 'ok', 'yes'],
  request_changes: [
    'request_changes',
    'changes_requested',
    'reject',
    'rejected',
    'revise',
    'revision',
    'fail',
    'failed',
    'failure',
    'no',
  ],
  veto: ['veto', 'vetoed', 'block', 'blocked'],
  abstain: ['abstain', 'abstained', 'skip', 'skipped'],
}
const VERDICTS: ReadonlyMap<string, Verdict> = new Map(
  (Object.keys(WORDS) as Verdict[]).flatMap((verdict) => WORDS[verdict].map((word) => [word, verdict])),
)

/**
 * The members `verdict` | `approved` | `status`, `score` | `quality_score`, `issues` and `feedback` of an answer.
 * The first that is there counts. What is there and says nothing that is known is null, as what is missing.
 */
export function judgementOf(answer: Json | null): Judgement {
  if (!isRecord(answer)) return { verdict: null, score: null, issues: [], feedback: null }
  const said = answer['verdict'] ?? answer['approved'] ?? answer['status']
  const score = answer['score'] ?? answer['quality_score']
  const { issues, feedback } = answer
  return {
    verdict: verdictOf(said),
    score: typeof score === 'number' && score >= 0 && score <= 100 ? score : null,
    issues: Array.isArray(issues) ? issues : issues === undefined || issues === null ? [] : [issues],
    feedback: typeof feedback === 'string' ? feedback : null,
  }
}

/** Why an answer is no verdict, or undefined if it is one: it says neither what is decided nor a score. */
export function whyNoVerdict(answer: Json | null): string | undefined {
  if (!isRecord(answer)) return 'it is no JSON object'
  const { verdict, score } = judgementOf(answer)
  if (verdict !== null || score !== null) return undefined
  return 'it has neither "verdict" nor "score"'
}

/** How a stage turned out, in a word: what its result says itself, else how it ended. */
export function statusOf(state: 'done' | 'failed' | 'skipped', result: Json | null): string {
  if (state !== 'done') return state
  const said = isRecord(result) ? result['status'] : undefined
  return typeof said === 'string' ? said : 'success'
}

function verdictOf(said: Json | undefined): Verdict | null {
  if (typeof said === 'boolean') return said ? 'approve' : 'request_changes'
  if (typeof said !== 'string') return null
  return (
    VERDICTS.get(
      said
        .trim()
        .toLowerCase()
        .replaceAll(/[\s-]+/gu, '_'),
    ) ?? null
  )
}

function isRecord(value: Json | null): value is { readonly [key: string]: Json | undefined } {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
