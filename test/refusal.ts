import { isAtelierError, type AtelierError } from '../src/errors.ts'

/** The error of a call that must refuse. */
export function refusal(call: () => unknown): AtelierError {
  try {
    call()
  } catch (thrown) {
    if (isAtelierError(thrown)) return thrown
    throw thrown
  }
  throw new Error('It was accepted.')
}
