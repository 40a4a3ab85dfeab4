/** Inputs that stand in files. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AtelierError, messageOf } from '../errors.ts'
import { parseYaml } from '../loading/yaml-source.ts'
import type { OperationInput, Param } from '../operations/operation.ts'
import { flagOf } from './arguments.ts'
import { readInput, type Terminal } from './terminal.ts'

/**
 * Puts what files hold in the place of their names.
 * @throws AtelierError `invalid_input`, naming the file and the line
 */
export async function readInputFiles(
  params: readonly Param[],
  input: OperationInput,
  terminal: Terminal,
): Promise<OperationInput> {
  const read: Record<string, unknown> = { ...input }
  for (const param of params) {
    const file = input[param.name]
    if (param.reads === undefined || typeof file !== 'string') continue
    const { into, as } = param.reads
    if (input[into] !== undefined) throw doubled(param, into)
    const text = await textOf(param, file, terminal)
    delete read[param.name]
    read[into] = as === 'text' ? text : await dataOf(param, file, text)
  }
  return read
}

async function textOf(param: Param, file: string, terminal: Terminal): Promise<string> {
  if (file === '-') return readInput(terminal)
  try {
    return await readFile(resolve(terminal.cwd, file), 'utf8')
  } catch (error) {
    throw invalid(param, `${flagOf(param)} ${file} cannot be read: ${messageOf(error)}.`)
  }
}

/** JSON is YAML, too. */
async function dataOf(param: Param, file: string, text: string): Promise<unknown> {
  const { value, problems } = await parseYaml(text)
  const [problem] = problems
  if (problem === undefined) return value
  const at = problem.at === null ? '' : `:${problem.at.line}:${problem.at.column}`
  throw invalid(param, `${file}${at}: ${problem.message}.`)
}

function doubled(param: Param, into: string): AtelierError {
  return invalid(param, `Give either --${into} or ${flagOf(param)}, not both.`)
}

function invalid(param: Param, message: string): AtelierError {
  return new AtelierError('invalid_input', message, { details: { field: param.name } })
}
