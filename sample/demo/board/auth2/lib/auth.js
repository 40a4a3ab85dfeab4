import { unauthorized } from './errors.js'

/** Lets nobody in who brings none of the tokens. Where there are no tokens, everybody may come in. */
export function createGuard(tokens) {
  if (tokens === undefined) return () => {}
  const known = new Set(tokens)
  return (token) => {
    if (!known.has(token)) throw unauthorized('this request needs a token that is known')
  }
}
