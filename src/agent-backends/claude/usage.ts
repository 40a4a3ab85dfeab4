/**
 * What a result says of tokens and cost, as a difference. `total_cost_usd` and `modelUsage` go on over
 * the whole session, also in another process; `usage` leaves out subagents. What counts is
 * `model_usage_since_last_result`; versions without it are read by the totals, the last of which is
 * kept with the session.
 */
import { NO_USAGE } from '../../agent-backend.ts'
import type { Usage } from '../../tables.ts'
import { fieldsOf, numberOf, type Fields } from './line.ts'

/** Of one result. */
export interface Spending {
  readonly usage: Usage
  /** Left out where Claude Code does not know the price of the model: it then shows that of another one. */
  readonly costUsd?: number
  /** Of the session so far. */
  readonly totalUsd?: number
}

/** USD are counted to the billionth: sums of binary fractions end in noise. */
const DIGITS = 1e9

/**
 * Reads the spending of a result.
 * @param beforeUsd total of the session before; undefined where it is not known
 */
export function spendingOf(result: Fields, beforeUsd: number | undefined): Spending {
  const totalUsd = numberOf(result['total_cost_usd'])
  const total = totalUsd === undefined ? {} : { totalUsd: rounded(totalUsd) }
  if (result['model_usage_since_last_result'] !== undefined) {
    const models = Object.values(fieldsOf(result['model_usage_since_last_result'])).map(fieldsOf)
    const isKnown = models.every(({ costBasis }) => costBasis !== 'unknown')
    const costUsd = models.reduce((sum, { costUSD }) => sum + (numberOf(costUSD) ?? 0), 0)
    return { usage: sumUsage(models.map(ofModel)), ...(isKnown && { costUsd: rounded(costUsd) }), ...total }
  }
  const usage = messageUsage(fieldsOf(result['usage']))
  // A total below the one before belongs to a session whose state was lost: it began anew.
  const isNew = totalUsd !== undefined && beforeUsd !== undefined && totalUsd < beforeUsd
  if (totalUsd === undefined || beforeUsd === undefined) return { usage, ...total }
  return { usage, costUsd: rounded(isNew ? totalUsd : totalUsd - beforeUsd), ...total }
}

/** The sum of tokens. */
export function sumUsage(parts: readonly Usage[]): Usage {
  return parts.reduce(
    (sum, part) => ({
      input: sum.input + part.input,
      output: sum.output + part.output,
      cacheRead: sum.cacheRead + part.cacheRead,
      cacheWrite: sum.cacheWrite + part.cacheWrite,
      reasoning: sum.reasoning + part.reasoning,
    }),
    NO_USAGE,
  )
}

/** USD without the noise of binary fractions. */
export function rounded(usd: number): number {
  return Math.round(usd * DIGITS) / DIGITS
}

function ofModel(model: Fields): Usage {
  return counted({
    input: model['inputTokens'],
    output: model['outputTokens'],
    cacheRead: model['cacheReadInputTokens'],
    cacheWrite: model['cacheCreationInputTokens'],
    reasoning: model['thinkingTokens'],
  })
}

/** Reads usage in the words of the provider. */
export function messageUsage(fields: Fields): Usage {
  return counted({
    input: fields['input_tokens'],
    output: fields['output_tokens'],
    cacheRead: fields['cache_read_input_tokens'],
    cacheWrite: fields['cache_creation_input_tokens'],
    reasoning: fieldsOf(fields['output_tokens_details'])['thinking_tokens'],
  })
}

function counted(given: Fields): Usage {
  const count = (name: keyof Usage): number => numberOf(given[name]) ?? 0
  // Anthropic counts thinking among the output.
  const reasoning = Math.min(count('reasoning'), count('output'))
  return {
    input: count('input'),
    output: count('output') - reasoning,
    cacheRead: count('cacheRead'),
    cacheWrite: count('cacheWrite'),
    reasoning,
  }
}
