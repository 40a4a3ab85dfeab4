/** Reads YAML, and JSON as the part of YAML that it is, keeping the line of every field. */
import type { Document, LineCounter, Pair } from 'yaml'

/** A place in a file, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

export interface SyntaxProblem {
  readonly message: string
  readonly at: Position | null
}

/** What a text holds, and where. */
export interface YamlSource {
  /** Undefined where the syntax is broken; null for an empty text. */
  readonly value: unknown
  readonly problems: readonly SyntaxProblem[]
  /** Where the field at this path stands, or the nearest thing around it. */
  readonly locate: (path: readonly PropertyKey[]) => Position | null
  /** Where a character of the text at this path stands; null where there is no text. */
  readonly locateText: (path: readonly PropertyKey[], offset: number) => Position | null
}

/** Aliases that multiply beyond this make a small file a huge value. */
const MAX_ALIASES = 100

/** Parses a text; `yaml` is loaded at first use, because most commands read no configuration. */
export async function parseYaml(text: string): Promise<YamlSource> {
  const { LineCounter: Counter, parseDocument } = await import('yaml')
  const lines = new Counter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' })
  const locate = (path: readonly PropertyKey[]): Position | null => locateIn(document, lines, path)
  const locateText = (path: readonly PropertyKey[], offset: number): Position | null =>
    locateTextIn({ text, document, lines }, path, offset)
  const broken = [...document.errors, ...document.warnings]
  const problems = broken.map(({ message, pos }) => ({
    message: sentence(message),
    at: positionOf(lines, pos[0]),
  }))
  if (problems.length > 0) return { value: undefined, problems, locate, locateText }
  try {
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, problems, locate, locateText }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    return { value: undefined, problems: [{ message: sentence(message), at: null }], locate, locateText }
  }
}

/**
 * Parses JSON: strict, with a key at most once in an object, because of two the reader sees one and the program
 * takes the other.
 */
export async function parseJson(text: string): Promise<YamlSource> {
  const source = await parseYaml(text)
  try {
    JSON.parse(text)
    return source
  } catch (thrown) {
    const message = sentence((thrown as SyntaxError).message)
    const at = positionIn(message) ?? source.problems[0]?.at ?? null
    return { ...source, value: undefined, problems: [{ message, at }] }
  }
}

/** Only some of V8's messages say where: "… in JSON at position 15 (line 2 column 3)". */
function positionIn(message: string): Position | null {
  const found = /\(line (\d+) column (\d+)\)/u.exec(message)
  return found === null ? null : { line: Number(found[1]), column: Number(found[2]) }
}

function locateIn(document: Document, lines: LineCounter, path: readonly PropertyKey[]): Position | null {
  let node: unknown = document.contents
  let offset: number | undefined
  for (const key of path) {
    const step = stepInto(node, key)
    if (step === undefined) break
    offset = step.offset ?? offset
    node = step.node
  }
  return offset === undefined ? null : positionOf(lines, offset)
}

/** The node's own type tests would need `yaml` loaded; items tell maps and lists apart as well. */
function stepInto(
  node: unknown,
  key: PropertyKey,
): { readonly node: unknown; readonly offset: number | undefined } | undefined {
  const items = (node as { readonly items?: readonly unknown[] } | null)?.items
  if (items === undefined) return undefined
  if (typeof key === 'number') {
    const item = items[key]
    return item === undefined ? undefined : { node: item, offset: offsetOf(item) }
  }
  const pair = items.find((item) => keyText(item) === String(key)) as Pair | undefined
  return pair === undefined ? undefined : { node: pair.value, offset: offsetOf(pair.key) }
}

/** The key of a pair as text: a key may be a number, as in `1: x`. */
function keyText(item: unknown): string | undefined {
  const key = (item as Partial<Pair>).key
  return key === undefined || key === null ? undefined : String((key as { readonly value?: unknown }).value)
}

interface Parsed {
  readonly text: string
  readonly document: Document
  readonly lines: LineCounter
}

/**
 * Where a character of a value stands. What escapes and folded lines make of a text is not counted back: in these the place is
 * that of the same number of characters on.
 */
function locateTextIn(
  { text, document, lines }: Parsed,
  path: readonly PropertyKey[],
  offset: number,
): Position | null {
  const node = document.getIn(path, true) as
    | { readonly value?: unknown; readonly type?: string; readonly range?: readonly number[] }
    | undefined
  const [start, end] = node?.range ?? []
  if (typeof node?.value !== 'string' || start === undefined || end === undefined) return null
  if (!node.type?.startsWith('BLOCK_')) {
    const quote = node.type?.startsWith('QUOTE_') === true ? 1 : 0
    return positionOf(lines, Math.min(start + quote + offset, end))
  }
  const before = node.value.slice(0, offset).split('\n')
  const [, ...rows] = text.slice(start, end).split('\n')
  const indent = rows.find((row) => row.trim() !== '')?.search(/\S/u) ?? 0
  const { line } = positionOf(lines, start)
  return { line: line + before.length, column: indent + (before.at(-1) as string).length + 1 }
}

function offsetOf(node: unknown): number | undefined {
  return (node as { readonly range?: readonly number[] } | null)?.range?.[0]
}

function positionOf(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line, column: col }
}

function sentence(message: string): string {
  const line = message.split('\n')[0] as string
  return line.replace(/[\s.:]+$/u, '')
}
