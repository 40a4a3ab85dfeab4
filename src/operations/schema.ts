/**
 * The zod schema of an operation's input, made from its params so that the two cannot differ.
 * Only surfaces that take input from outside import it: zod costs tens of milliseconds to load.
 */
import { z } from 'zod'
import { argumentName } from './names.ts'
import type { Operation, Param } from './operation.ts'

/** How a surface spells the names of params: `camel` as the library, `snake` as an MCP tool. */
export type Spelling = 'camel' | 'snake'

/** A strict object with one member per param. */
export function inputSchema(operation: Operation, spelling: Spelling = 'camel'): z.ZodObject {
  const params = operation.params.filter(({ only }) => only === undefined)
  const members = params.map((param) => {
    const value = valueSchema(param).describe(param.description)
    const name = spelling === 'camel' ? param.name : argumentName(param.name)
    return [name, param.required === true && param.without === undefined ? value : value.optional()] as const
  })
  return z.strictObject(Object.fromEntries(members))
}

function valueSchema(param: Param): z.ZodType {
  if (param.choices !== undefined) return z.enum(param.choices)
  switch (param.type) {
    case 'string':
      return param.required === true ? z.string().min(1) : z.string()
    case 'number':
      return numberSchema(param)
    case 'boolean':
      return z.boolean()
    case 'duration':
      return z.union([z.number().min(0), z.string().min(1)])
    case 'json':
      return z.json()
    case 'names':
    case 'texts':
      return z.array(z.string().min(1)).min(1)
  }
}

function numberSchema({ integer, min }: Param): z.ZodNumber {
  const number = integer === true ? z.int() : z.number()
  return min === undefined ? number : number.min(min)
}
