/**
 * What an expression is made of: parsed once, looked through for what it names, and bounded in what it may do. Of CEL it
 * takes what is about JSON; times, bytes and patterns are left out, because they read a clock, are no JSON, or may never end.
 */
import { Environment, type ASTNode, type ParseResult } from '@marcbachmann/cel-js'

/** Longer ones belong into a function or a stage of their own. */
const MAX_EXPRESSION_CHARACTERS = 4096
const MAX_NODES = 1000
const MAX_DEPTH = 50
/** Rounds of `map`, `filter`, `exists` … and members looked at by `in`, in all: less than a second of work. */
const MAX_STEPS = 500_000
/** Texts that are made in rounds count by their length, so that they cannot grow without end. */
const CHARACTERS_PER_STEP = 64
/** The expressions of a large workflow; beyond, the oldest is parsed again when it is needed. */
const MAX_PROGRAMS = 4096

/** Calls that walk over a list with a variable of their own. */
const MACROS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map'])
const METHODS: readonly string[] = [
  ...MACROS,
  ...['contains', 'startsWith', 'endsWith', 'indexOf', 'lastIndexOf', 'substring', 'split', 'join'],
  ...['lowerAscii', 'upperAscii', 'trim', 'size'],
]
const FUNCTIONS: readonly string[] = ['has', 'size', 'string', 'int', 'double', 'bool']
/** The one function that is not of the language: it counts what goes through it. */
const COUNT = 'atelier_count'

/** A name that an expression uses, and where. */
export interface Use {
  readonly name: string
  readonly offset: number
}

/** `stages.plan.result`: a stage, and the field of it; null: the stage as a whole. */
export interface StageUse extends Use {
  readonly field: Use | null
}

/** Something in an expression that is not allowed. */
export interface Fault {
  readonly why: string
  readonly offset: number
  readonly nearestTo?: { readonly name: string; readonly known: readonly string[] }
}

/** A parsed expression. */
export interface Program {
  readonly variables: readonly Use[]
  readonly stages: readonly StageUse[]
  /** `inputs.spec`: the names of inputs. */
  readonly inputs: readonly Use[]
  readonly run: (variables: Readonly<Record<string, unknown>>) => unknown
}

/** The parser refuses optional fields unless they are turned on. */
type Node = Exclude<ASTNode, { op: '.?' | '[?]' }>

let steps = 0

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  limits: { maxAstNodes: MAX_NODES, maxDepth: MAX_DEPTH },
})
environment.registerFunction(`${COUNT}(dyn): dyn`, (value: unknown) => {
  steps += 1 + sizeOf(value)
  if (steps > MAX_STEPS) throw new Error(`it takes more than ${MAX_STEPS} steps`)
  return value
})
// Numbers of JSON are doubles, and those that are written are whole: `round + 1` is meant to work.
for (const [left, right] of [
  ['int', 'double'],
  ['double', 'int'],
] as const) {
  const on = (operator: string, apply: (a: number, b: number) => number): void => {
    environment.registerOperator(`${left} ${operator} ${right}: double`, (a: unknown, b: unknown) =>
      apply(Number(a), Number(b)),
    )
  }
  on('+', (a, b) => a + b)
  on('-', (a, b) => a - b)
  on('*', (a, b) => a * b)
  on('/', (a, b) => a / b)
  on('%', (a, b) => a % b)
}
environment.registerOperator('double % double: double', (a: number, b: number) => a % b)

/** What is printed with parentheses and counters is larger than what was written, and was already found small enough. */
const counters = environment.clone({ limits: { maxAstNodes: 10 * MAX_NODES, maxDepth: 10 * MAX_DEPTH } })

const programs = new Map<string, Program | Fault>()

/** The program of a text, or why it is none. Equal texts are parsed once. */
export function programOf(text: string): Program | Fault {
  const known = programs.get(text)
  if (known !== undefined) return known
  const made = parse(text)
  if (programs.size >= MAX_PROGRAMS) programs.delete(programs.keys().next().value as string)
  programs.set(text, made)
  return made
}

export function isFault(made: Program | Fault): made is Fault {
  return 'why' in made
}

function parse(text: string): Program | Fault {
  if (text.length > MAX_EXPRESSION_CHARACTERS)
    return { why: `it is longer than ${MAX_EXPRESSION_CHARACTERS} characters`, offset: 0 }
  if (text.trim() === '') return { why: 'it is empty', offset: 0 }
  try {
    const parsed = environment.parse(text)
    const walk = new Walk()
    walk.visit(parsed.ast)
    if (walk.fault !== null) return walk.fault
    const checked = parsed.check()
    if (!checked.valid) return faultOf(checked.error)
    return {
      variables: walk.variables,
      stages: walk.stages,
      inputs: walk.inputs,
      run: counted(() => counters.parse(print(text, parsed.ast, false))),
    }
  } catch (thrown) {
    return faultOf(thrown)
  }
}

/** Parsed again when it is first run: most expressions of a definition are only checked. */
function counted(make: () => ParseResult): Program['run'] {
  let parsed: ParseResult | undefined
  return (variables) => {
    parsed ??= make()
    steps = 0
    return parsed(variables) as unknown
  }
}

/** The library's errors have a summary without the excerpt, and the range that it is about. */
function faultOf(thrown: unknown): Fault {
  const { range } = thrown as { readonly range?: { readonly start: number } }
  return { why: summaryOf(thrown), offset: range?.start || 0 }
}

/** What went wrong, in a line. */
export function summaryOf(thrown: unknown): string {
  const { summary, message } = thrown as { readonly summary?: string; readonly message: string }
  const text = (summary ?? message).replaceAll(/dyn<(\w+)>/gu, '$1')
  return text.charAt(0).toLowerCase() + text.slice(1)
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return Math.floor(value.length / CHARACTERS_PER_STEP)
  return Array.isArray(value) ? value.length : 0
}

/**
 * The same expression with the counter in it: around what each round gives, and around each value that is looked up in one.
 * Everything stands in parentheses, because the ranges of the parser leave them out.
 */
function print(text: string, any: ASTNode, inRounds: boolean): string {
  const node = any as Node
  const inner = (each: ASTNode): string => `(${print(text, each, inRounds)})`
  const list = (each: readonly ASTNode[]): string => each.map((one) => inner(one)).join(', ')
  switch (node.op) {
    case 'value':
      return text.slice(node.start, node.end)
    case 'id':
      return inRounds ? counting(node.args) : node.args
    case '.': {
      const path = `(${print(text, node.args[0], false)}).${node.args[1]}`
      return inRounds ? counting(path) : path
    }
    case '[]': {
      const path = `(${print(text, node.args[0], false)})[${inner(node.args[1])}]`
      return inRounds ? counting(path) : path
    }
    case 'call': {
      const [name, args] = node.args
      // `has` takes a path as it is written.
      return `${name}(${name === 'has' ? args.map((each) => print(text, each, false)).join(', ') : list(args)})`
    }
    case 'rcall': {
      const [name, receiver, args] = node.args
      const [variable, ...bodies] = args
      if (!MACROS.has(name) || variable?.op !== 'id') return `${inner(receiver)}.${name}(${list(args)})`
      const rounds = bodies.map((body) => counting(print(text, body, true)))
      // Where the steps are used up, the lists of inner rounds are refused, too: `exists` passes over errors of its rounds.
      const over = inRounds ? counting(print(text, receiver, true)) : inner(receiver)
      return `${over}.${name}(${[variable.args, ...rounds].join(', ')})`
    }
    case 'list':
      return `[${list(node.args)}]`
    case 'map':
      return `{${node.args.map(([key, value]) => `${inner(key)}: ${inner(value)}`).join(', ')}}`
    case '?:':
      return `${inner(node.args[0])} ? ${inner(node.args[1])} : ${inner(node.args[2])}`
    case '!_':
    case '-_':
      return `${node.op.charAt(0)}${inner(node.args)}`
    default:
      return `${inner(node.args[0])} ${node.op} ${inner(node.args[1])}`
  }
}

function counting(text: string): string {
  return `${COUNT}(${text})`
}

/** Goes through an expression for what it names. The parser's own limits bound its depth. */
class Walk {
  readonly variables: Use[] = []
  readonly stages: StageUse[] = []
  readonly inputs: Use[] = []
  fault: Fault | null = null
  readonly #bound: string[] = []

  visit(any: ASTNode): void {
    const node = any as Node
    switch (node.op) {
      case 'value':
        if (node.args instanceof Uint8Array) this.#refuse('bytes are no JSON; write a text', node.start)
        return
      case 'id':
        this.#variable(node.args, node.start)
        return
      case '.':
      case '[]':
        this.#access(node)
        return
      case 'call':
        this.#call(node)
        return
      case 'rcall':
        this.#method(node)
        return
      case 'list':
        this.#all(node.args)
        return
      case 'map':
        this.#all(node.args.flat())
        return
      case '!_':
      case '-_':
        this.visit(node.args)
        return
      default:
        this.#all(node.args)
    }
  }

  #all(nodes: readonly ASTNode[]): void {
    for (const each of nodes) this.visit(each)
  }

  #variable(name: string, offset: number): void {
    if (this.#bound.includes(name)) return
    if (name === 'stages')
      this.#refuse('stages is always followed by the id of a stage, as in stages.plan', offset)
    this.variables.push({ name, offset })
  }

  #access(node: Extract<ASTNode, { op: '.' | '[]' }>): void {
    const [root, first, second] = pathOf(node)
    const isFree = root !== undefined && !this.#bound.includes(root.name)
    if (isFree && first !== undefined && root.name === 'stages')
      this.stages.push({ ...first, field: second ?? null })
    else if (isFree && first !== undefined && root.name === 'inputs') {
      this.variables.push(root)
      this.inputs.push(first)
    } else {
      this.#all(node.op === '.' ? [node.args[0]] : node.args)
      return
    }
    // What is in brackets further on has names of its own.
    this.#brackets(node)
  }

  #brackets(node: ASTNode): void {
    if (node.op !== '.' && node.op !== '[]') return
    this.#brackets(node.args[0])
    if (node.op === '[]') this.visit(node.args[1])
  }

  #call(node: Extract<ASTNode, { op: 'call' }>): void {
    const [name, args] = node.args
    if (!FUNCTIONS.includes(name)) this.#unknown(name, FUNCTIONS, node.start)
    this.#all(args)
  }

  #method(node: Extract<ASTNode, { op: 'rcall' }>): void {
    const [name, receiver, args] = node.args
    if (!METHODS.includes(name)) this.#unknown(name, METHODS, receiver.end + 1)
    this.visit(receiver)
    const [variable] = args
    if (!MACROS.has(name) || variable?.op !== 'id') {
      this.#all(args)
      return
    }
    this.#bound.push(variable.args)
    this.#all(args.slice(1))
    this.#bound.pop()
  }

  #unknown(name: string, known: readonly string[], offset: number): void {
    const why =
      name === 'matches'
        ? 'patterns are left out, as one may take for ever; use contains, startsWith or endsWith'
        : `there is no function ${name}`
    this.fault ??= { why, offset, nearestTo: { name, known } }
  }

  #refuse(why: string, offset: number): void {
    this.fault ??= { why, offset }
  }
}

/** The names of `a.b["c"].d` from the first on, as far as they are written out; empty where it begins with something else. */
function pathOf(node: ASTNode): readonly Use[] {
  const nodes: ASTNode[] = [node]
  for (let at = node; at.op === '.' || at.op === '[]'; nodes.push(at)) at = at.args[0]
  const names: Use[] = []
  for (const each of nodes.toReversed()) {
    const name = nameIn(each)
    if (name === undefined) break
    names.push(name)
  }
  return names
}

function nameIn(node: ASTNode): Use | undefined {
  if (node.op === 'id') return { name: node.args, offset: node.start }
  if (node.op === '.') return { name: node.args[1], offset: node.pos }
  const key = node.op === '[]' ? node.args[1] : undefined
  if (key?.op !== 'value' || typeof key.args !== 'string') return undefined
  return { name: key.args, offset: key.start }
}
