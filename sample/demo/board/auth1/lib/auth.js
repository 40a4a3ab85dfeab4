import { unauthorized } from './errors.js'

/** Lets nobody in who brings none of the tokens. */
export function createGuard(tokens = []) {
  const known = new Set(tokens)
  return (token) => {
    if (!known.has(token)) throw unauthorized('this request needs a token that is known')
  }
}
