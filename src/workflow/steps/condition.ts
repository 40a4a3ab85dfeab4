/**
 * Conditions of the gates of step files, such as `scoring.passed == true and coverage >= 80`, as CEL. What they may name is known, and
 * so is the type of each name: a condition is either one that gives true or false, or told to be wrong.
 */
import { nearestNames } from '../../errors.ts'
import { shownText } from '../problems.ts'
import { judgementOf } from '../verdict.ts'
import { MAX_SCORE, PASSED, withMember, type Members, type Passing } from './scoring.ts'

export type ReadCondition =
  | {
      readonly ok: true
      readonly expression: string
      /** Members that the answer of the step must have. */
      readonly members: Members
    }
  | { readonly ok: false; readonly why: string; readonly offset: number; readonly nearest: readonly string[] }

type Type = 'truth' | 'number' | 'text'

/** A part of a condition in CEL; `binds`: 0 an or, 1 an and, 2 what needs no brackets in either. */
interface Term {
  readonly type: Type
  readonly cel: string
  readonly binds: 0 | 1 | 2
  readonly offset: number
  /** What is written as itself. */
  readonly literal?: boolean | number | string
  /** A member of the answer. */
  readonly member?: string
}

interface Token {
  readonly kind: 'number' | 'text' | 'name' | 'sign' | 'end'
  readonly text: string
  readonly offset: number
}

/** Deeper than anybody writes, and far from where recursion would end. */
const MAX_DEPTH = 20
const TOKEN =
  /\s+|(?<number>\d+(?:\.\d+)?)|(?<text>"[^"\\]*"|'[^'\\]*')|(?<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(?<sign>==|!=|>=|<=|&&|\|\||[<>!()])/uy
const COMPARISONS = ['==', '!=', '>=', '<=', '<', '>']
const OVERALL = ['score', 'overall', 'overall_score', 'quality_score']
const METRICS = [
  ...['complexity', 'security', 'maintainability', 'coverage', 'performance', 'structure', 'devex'],
]
const SHOWN_NAMES = ['scoring.passed', 'overall_score', 'verdict', 'status', ...METRICS]

/** @param passing what `scoring.passed` stands for; null where nothing is scored */
export function readCondition(text: string, passing: Passing | null): ReadCondition {
  const tokens = tokensOf(text)
  if ('why' in tokens) return { ok: false, ...tokens }
  const parser = new Parser(tokens, passing)
  const expression = parser.whole()
  const { fault, members } = parser
  return fault === undefined ? { ok: true, expression, members } : { ok: false, ...fault }
}

interface Fault {
  readonly why: string
  readonly offset: number
  readonly nearest: readonly string[]
}

function tokensOf(text: string): readonly Token[] | Fault {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.length) {
    const offset = TOKEN.lastIndex
    const groups = TOKEN.exec(text)?.groups
    if (groups === undefined)
      return { why: `${JSON.stringify(text.charAt(offset))} has no meaning here`, offset, nearest: [] }
    const [found] = Object.entries(groups).filter(([, value]) => value !== undefined)
    if (found !== undefined) tokens.push({ kind: found[0] as Token['kind'], text: found[1], offset })
  }
  return [...tokens, { kind: 'end', text: 'its end', offset: text.length }]
}

/** What is wrong first is kept, and what follows from it is of no interest. */
class Parser {
  fault: Fault | undefined
  readonly members = new Map<string, number>()
  readonly #tokens: readonly Token[]
  readonly #passing: Passing | null
  #at = 0
  #depth = 0

  constructor(tokens: readonly Token[], passing: Passing | null) {
    this.#tokens = tokens
    this.#passing = passing
  }

  whole(): string {
    const term = this.#truth(this.#or())
    const { kind, text, offset } = this.#token
    if (kind !== 'end') this.#fail(`${text} does not belong there`, offset)
    return term.cel
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token
  }

  #fail(why: string, offset: number, nearest: readonly string[] = []): Term {
    this.fault ??= { why, offset, nearest }
    return { type: 'truth', cel: 'false', binds: 2, offset }
  }

  #take(...texts: readonly string[]): boolean {
    const { kind, text } = this.#token
    const isTaken = (kind === 'sign' || kind === 'name') && texts.includes(text)
    if (isTaken) this.#at++
    return isTaken
  }

  #or(): Term {
    return this.#joined(() => this.#and(), ['or', '||'], ' || ', 0)
  }

  #and(): Term {
    return this.#joined(() => this.#not(), ['and', '&&'], ' && ', 1)
  }

  #joined(part: () => Term, words: readonly string[], sign: string, binds: 0 | 1): Term {
    const first = part()
    const parts = [first]
    while (this.#take(...words)) parts.push(part())
    if (parts.length === 1) return first
    const cel = parts.map((each) => bracketed(this.#truth(each), binds)).join(sign)
    return { type: 'truth', cel, binds, offset: first.offset }
  }

  #not(): Term {
    const { offset } = this.#token
    if (++this.#depth > MAX_DEPTH) return this.#fail(`it is more than ${MAX_DEPTH} levels deep`, offset)
    const term = this.#take('not', '!') ? negated(this.#truth(this.#not())) : this.#comparison()
    this.#depth--
    return term
  }

  #comparison(): Term {
    const left = this.#operand()
    const sign = COMPARISONS.find((each) => this.#take(each))
    if (sign === undefined) return left
    const right = this.#operand()
    if (left.type !== right.type)
      return this.#fail(`a ${left.type} cannot be compared with a ${right.type}`, left.offset)
    const isEquality = sign === '==' || sign === '!='
    if (!isEquality && left.type !== 'number') return this.#fail(`${sign} is for numbers`, left.offset)
    const plain = left.literal === undefined ? left : right
    const { literal } = left.literal === undefined ? right : left
    if (typeof literal === 'boolean') return literal === (sign === '==') ? plain : negated(plain)
    this.#bound(left, right)
    this.#bound(right, left)
    const cel = [this.#beside(left, right), sign, this.#beside(right, left)].join(' ')
    return { type: 'truth', cel, binds: 2, offset: left.offset }
  }

  /** A term of a comparison. Verdicts are compared in the words that every answer is read in. */
  #beside(term: Term, { member }: Term): string {
    if (member !== 'verdict' || typeof term.literal !== 'string') return bracketed(term, 2)
    const { verdict } = judgementOf({ verdict: term.literal })
    if (verdict !== null) return JSON.stringify(verdict)
    const why = `no verdict is ${shownText(term.literal)}; there are approve, request_changes, veto and abstain`
    return this.#fail(why, term.offset).cel
  }

  /** A score that is compared with 80 is one of 100. */
  #bound({ member }: Term, { literal, offset }: Term): void {
    if (member === undefined || typeof literal !== 'number') return
    if (literal > MAX_SCORE) this.#fail(`scores are from 0 to ${MAX_SCORE}`, offset)
    withMember(this.members, member, literal)
  }

  #operand(): Term {
    const { kind, text, offset } = this.#token
    if (this.#take('(')) {
      const inner = this.#or()
      if (!this.#take(')')) this.#fail(`"(" is not closed`, offset)
      return inner
    }
    if (kind === 'sign' || kind === 'end')
      return this.#fail(`a name or a number must stand before ${text}`, offset)
    this.#at++
    if (kind === 'number') return { ...literalTerm('number', Number(text)), offset }
    if (kind === 'text') return { ...literalTerm('text', text.slice(1, -1)), offset }
    return { ...this.#named(text, offset), offset }
  }

  #named(written: string, offset: number): Omit<Term, 'offset'> {
    if (['true', 'True', 'false', 'False'].includes(written)) {
      return literalTerm('truth', written.toLowerCase() === 'true')
    }
    const name = written.replace(/^scoring\./u, '')
    if (name === 'passed') return this.#passed(offset)
    if (OVERALL.includes(name)) return this.#member('score', 'number', 'score')
    if (name === 'verdict') return this.#member('verdict', 'text', 'verdict')
    if (written === 'status') return { type: 'text', cel: 'status', binds: 2 }
    const metric = name.replace(/_score$/u, '')
    if (METRICS.includes(metric) || this.#passing?.members.has(metric) === true)
      return this.#member(metric, 'number', `result.${metric}`)
    return this.#fail(
      `there is no ${written.slice(0, 64)} here; there are ${SHOWN_NAMES.join(', ')}`,
      offset,
      nearestNames(written.slice(0, 64), SHOWN_NAMES),
    )
  }

  #member(member: string, type: Type, cel: string): Omit<Term, 'offset'> {
    withMember(this.members, member, 0)
    return { type, cel, binds: 2, member }
  }

  #passed(offset: number): Omit<Term, 'offset'> {
    const passing = this.#passing
    if (passing === null)
      return this.#fail(`${PASSED} is never known, because scoring is turned off for this step`, offset)
    for (const [member, bound] of passing.members) withMember(this.members, member, bound)
    return { type: 'truth', cel: passing.expression, binds: 1 }
  }

  #truth(term: Term): Term {
    if (term.type === 'truth') return term
    return this.#fail(`a ${term.type} is neither true nor false; compare it with something`, term.offset)
  }
}

function literalTerm(type: Type, literal: boolean | number | string): Omit<Term, 'offset'> {
  return { type, cel: JSON.stringify(literal), binds: 2, literal }
}

function bracketed({ cel, binds }: Term, around: 0 | 1 | 2): string {
  return binds < around ? `(${cel})` : cel
}

function negated(term: Term): Term {
  const isComparison = /[ (]/u.test(term.cel)
  return { ...term, cel: isComparison ? `!(${term.cel})` : `!${term.cel}`, binds: 2 }
}
