import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusal } from '../../test/refusal.ts'
import { AtelierError } from '../errors.ts'
import {
  parseAgentOptions,
  parseConfigure,
  parseContextKey,
  parseContextValue,
  parseName,
  parseProfile,
  parsePrompt,
} from './definition-schema.ts'
import { agentShape, configureShape } from './option-schemas.ts'

describe('any input', () => {
  const parsers = {
    parseAgentOptions: (value: unknown) => parseAgentOptions('impl', value),
    parseProfile: (value: unknown) => parseProfile('coder', value),
    parseConfigure: (value: unknown) => parseConfigure(value as object),
    parseName: (value: unknown) => parseName('agent', value),
    nameOfAgent: (value: unknown) => parseAgentOptions(value as string, null),
    parsePrompt,
    parseContextKey,
    parseContextValue: (value: unknown) => parseContextValue('k', value),
    keyOfValue: (value: unknown) => parseContextValue(value as string, undefined),
  }
  const fields = [...new Set([...Object.keys(agentShape), ...Object.keys(configureShape)])]
  const broken = (): never => {
    throw new Error('no')
  }
  const hostile: readonly unknown[] = [
    new Proxy({}, { ownKeys: broken }),
    new Proxy({}, { getPrototypeOf: () => 1 as never }),
    Object.defineProperty({}, 'model', { enumerable: true, get: broken }),
    { settings: Object.defineProperty({}, 'deep', { enumerable: true, get: broken }) },
    { id: 'x', detect: broken, capabilities: broken, run: broken, close: broken },
    revoked(),
    Object.create({ model: 'x' }),
    Symbol('s'),
    class Options {
      readonly model = 'x'
    },
  ]
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withBoxedValues: true,
  })
  const options = fc.dictionary(fc.oneof(fc.constantFrom(...fields), fc.string()), anything)

  function errorOf(parse: (value: unknown) => unknown, value: unknown): unknown {
    try {
      parse(value)
      return undefined
    } catch (thrown) {
      return thrown
    }
  }

  function expectAtelierErrorOrNone(parse: (value: unknown) => unknown, value: unknown): void {
    const error = errorOf(parse, value) ?? new AtelierError('invalid_input', 'None.')
    expect(error).toBeInstanceOf(AtelierError)
    expect(['invalid_input', 'unsupported']).toContain((error as AtelierError).code)
    expect((error as AtelierError).message).toMatch(/\S/u)
  }

  it.each(Object.entries(parsers))('makes %s throw nothing but an AtelierError', (_, parse) => {
    const input = fc.oneof(anything, options)
    fc.assert(
      fc.property(input, (value) => expectAtelierErrorOrNone(parse, value)),
      { numRuns: 300 },
    )
    for (const value of hostile) {
      expectAtelierErrorOrNone(parse, value)
      for (const field of fields) expectAtelierErrorOrNone(parse, { [field]: value })
    }
  })

  it('says so where the value cannot even be read', () => {
    const error = refusal(() => parseAgentOptions('impl', hostile[2]))
    expect(error.message).toBe('The options cannot be read: reading threw an error. Pass plain data.')
    expect(error.cause).toEqual(new Error('no'))
  })
})

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
