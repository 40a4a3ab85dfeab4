/** Reads fields of JSON values by path. */
import type { Json } from '../../json.ts'
import type { Usage } from '../../tables.ts'

/** The value at a path such as `message.usage`; undefined if there is none. */
export function fieldOf(value: Json | undefined, path: string): Json | undefined {
  let current = value
  for (const key of path.split('.')) {
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, key)) return undefined
    current = (current as Readonly<Record<string, Json | undefined>>)[key]
  }
  return current
}

/** True for a value that says something: not absent, false, empty or null. */
export function isGiven(value: Json | undefined): value is Json {
  return value !== undefined && value !== null && value !== false && value !== ''
}

/** Tokens under our names, Anthropic's or OpenAI's; undefined if the value holds none. */
export function usageOf(value: Json | undefined): Usage | undefined {
  const at = (...paths: readonly string[]): number | undefined => {
    const found = paths.map((path) => fieldOf(value, path)).find((field) => typeof field === 'number')
    return typeof found === 'number' ? found : undefined
  }
  const exclusive = at('input', 'input_tokens')
  // OpenAI counts cached tokens among those of the prompt.
  const inclusive = at('prompt_tokens')
  const output = at('output', 'output_tokens', 'completion_tokens')
  if (exclusive === undefined && inclusive === undefined && output === undefined) return undefined
  const cacheRead = at('cacheRead', 'cache_read_input_tokens', 'prompt_tokens_details.cached_tokens') ?? 0
  const reasoning = at('reasoning', 'completion_tokens_details.reasoning_tokens') ?? 0
  return {
    input: exclusive ?? Math.max(0, (inclusive ?? 0) - cacheRead),
    output: output ?? 0,
    cacheRead,
    cacheWrite: at('cacheWrite', 'cache_creation_input_tokens') ?? 0,
    reasoning,
  }
}
