/**
 * What an operation is: one verb, described as plain data, with the function that runs it. The CLI,
 * MCP, HTTP and the reference pages are made from these descriptions and add nothing of their own.
 */
import type { Workshop, WorkshopViews } from '../facade/contract.ts'
import type { ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'
import type { Duration } from '../time/duration.ts'
import type { Outputs } from './outputs.ts'

/**
 * `names` is a list of short texts, `texts` one of texts that may hold commas; `duration` is milliseconds or a text such
 * as `5m`.
 */
export type ParamType = 'string' | 'number' | 'boolean' | 'duration' | 'json' | 'names' | 'texts'

/** One input of an operation. */
export interface Param {
  /** In camelCase; surfaces derive their own spelling through `names.ts`. */
  readonly name: string
  readonly type: ParamType
  readonly description: string
  readonly required?: true
  /** Given by its place on a command line, and not by a flag. */
  readonly positional?: true
  /** It has no place where one of these other params is given, which stand for it. */
  readonly without?: readonly string[]
  /** The last place: takes all words that are left, a text by joining them with blanks. */
  readonly rest?: true
  /** What makes the CLI read it from standard input: `-` alone, or also leaving it out. */
  readonly stdin?: 'dash' | 'missing'
  /** The only values it takes. */
  readonly choices?: readonly string[]
  readonly integer?: true
  /** The smallest number that it takes. */
  readonly min?: number
  /** A value that is no JSON is taken as text: `put greeting hello`. */
  readonly orText?: true
  /** Of no use to other surfaces, and unknown to them. */
  readonly only?: 'cli'
  /** The command line reads the file of this name, and gives what it holds as another param. */
  readonly reads?: { readonly into: string; readonly as: 'text' | 'data' }
  /** What holds if it is left out, in words. */
  readonly default?: string
  /** A command line takes a path from its own folder where the word is a file's: one with such an ending. */
  readonly isPath?: true
  /** A word or two for what to write, where the name does not say it. */
  readonly placeholder?: string
}

interface ParamValues {
  string: string
  number: number
  boolean: boolean
  duration: Duration
  json: Json
  names: readonly string[]
  texts: readonly string[]
}

type ValueOf<P extends Param> = P extends { readonly choices: readonly (infer Choice)[] }
  ? Choice
  : ParamValues[P['type']]

type Always = { readonly required: true; readonly without?: never }
type Required<P extends Param> = P extends Always ? P['name'] : never
type Optional<P extends Param> = P extends Always ? never : P['name']

/** The input that a list of params describes. */
export type InputOf<P extends readonly Param[]> = {
  readonly [One in P[number] as Required<One>]: ValueOf<One>
} & { readonly [One in P[number] as Optional<One>]?: ValueOf<One> }

/** Input of any operation, checked against its params. */
export type OperationInput = Readonly<Record<string, unknown>>

export type OperationName = keyof Outputs

/** Headings under which help and reference list the operations. */
export type OperationGroup =
  | 'team'
  | 'talk'
  | 'results'
  | 'board'
  | 'workflows'
  | 'inbox'
  | 'money'
  | 'context'
  | 'schedules'
  | 'log'
  | 'repository'

/** What is handed to every run beside its input. */
export interface OperationContext {
  /** Aborting it ends the call as the facade's own `signal` does. */
  readonly signal?: AbortSignal
  /** Told which run of a workflow the call is about, before it waits for it. */
  readonly onRun?: (run: string) => Promise<void>
  /** Given the checkpoint with which a run is handed over, before it goes on. */
  readonly onHandover?: (checkpoint: Outputs['checkpoints'][number]) => void
}

interface Description<Name extends OperationName, Params extends readonly Param[]> {
  /** In kebab-case, as the CLI spells it. */
  readonly name: Name
  /** Its words on a command line, where its name is not enough there. */
  readonly command?: string
  /** One sentence without its full stop. */
  readonly summary: string
  /** What else is worth knowing, in whole sentences. */
  readonly details?: string
  readonly group: OperationGroup
  /** `read` changes nothing, so that a watcher may be given it. */
  readonly rights: 'read' | 'operate'
  readonly params: Params
  /** Command lines, each accepted by the parser. */
  readonly examples: readonly string[]
  /** The same in the library. */
  readonly library: string
  /** The exit status of what it came to, where it is told as an output and not as an error. */
  readonly exitStatus?: (output: Outputs[Name]) => number
}

/** An operation that only reads, and so runs without configuration and without backends. */
export interface ViewOperation<
  Name extends OperationName,
  Params extends readonly Param[],
> extends Description<Name, Params> {
  readonly needs: 'views'
  /** It gives a stream, which ends when its reader or the signal ends it. */
  readonly streams?: true
  /** What it gives goes on changing, so that a screen may follow it. */
  readonly changes?: true
  /** True if it came to less than was asked for: the exit status says so. */
  readonly isIncomplete?: (output: Outputs[Name]) => boolean
  run(shop: WorkshopViews, input: InputOf<Params>, context: OperationContext): Output<Name>
}

/** An operation that writes; it needs the workshop, but nobody who runs agents. */
export interface TeamOperation<
  Name extends OperationName,
  Params extends readonly Param[],
> extends Description<Name, Params> {
  readonly needs: 'team'
  /** Whether a process of its own does what only a host can do, if no other does; it runs no agents. */
  readonly hosts?: (input: InputOf<Params>) => boolean
  /** True if it came to less than was asked for: the exit status says so. */
  readonly isIncomplete?: (output: Outputs[Name]) => boolean
  run(shop: Workshop, input: InputOf<Params>, context: OperationContext): Output<Name>
}

/** An operation that comes to nothing unless some host runs agents. */
export interface HostOperation<
  Name extends OperationName,
  Params extends readonly Param[],
> extends Description<Name, Params> {
  readonly needs: 'host'
  /** The agents that somebody has to run for it; none where it only looks. */
  hosted(input: InputOf<Params>): readonly string[] | 'all'
  /** `call`: the agents work for this call, and ending it calls them off. `background`: their work goes on. */
  readonly work: 'call' | 'background'
  /** False: it returns at once. */
  readonly waits: boolean
  /** It is about a run of a workflow, which it tells with `onRun`: a host does whatever that needs. */
  readonly follows?: 'run'
  /** How those who were to answer have fared, where they are several. */
  readonly replies?: (output: Outputs[Name]) => ReplyCount
  run(shop: Workshop, input: InputOf<Params>, context: OperationContext): Output<Name>
}

/** Answers and failures of several agents. */
export interface ReplyCount {
  readonly answered: number
  readonly failures: readonly ErrorData[]
}

/** A stream gives its items as they come; everything else gives one value, later. */
type Output<Name extends OperationName> =
  Outputs[Name] extends AsyncIterable<unknown> ? Outputs[Name] : Promise<Outputs[Name]>

/** Any operation, as surfaces see it: the input is checked before, the output is JSON or a stream of JSON. */
export type Operation = Erased<'views', WorkshopViews> | Erased<'team', Workshop> | HostErased

interface Erased<Needs extends string, Shop> extends Omit<
  Description<OperationName, readonly Param[]>,
  'exitStatus'
> {
  readonly needs: Needs
  readonly exitStatus?: (output: unknown) => number
  readonly streams?: true
  readonly changes?: true
  readonly hosts?: (input: OperationInput) => boolean
  readonly isIncomplete?: (output: unknown) => boolean
  run(shop: Shop, input: OperationInput, context: OperationContext): Promise<unknown> | AsyncIterable<unknown>
}

interface HostErased extends Erased<'host', Workshop> {
  hosted(input: OperationInput): readonly string[] | 'all'
  readonly work: 'call' | 'background'
  readonly waits: boolean
  readonly follows?: 'run'
  readonly replies?: (output: unknown) => ReplyCount
}

/** Checks an operation's run against its params and its entry in {@link Outputs}, and forgets both. */
export function operation<const Name extends OperationName, const Params extends readonly Param[]>(
  description: ViewOperation<Name, Params> | TeamOperation<Name, Params> | HostOperation<Name, Params>,
): Operation {
  return description as unknown as Operation
}

/** The part of the context that calls of the facade take. */
export function signalOf({ signal }: OperationContext): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}
