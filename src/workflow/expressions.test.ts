import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isFault, programOf } from './expression-program.ts'
import { checkExpression, evaluate, holds, stagesIn, variablesIn, type Scope } from './expressions.ts'

const SCOPE: Scope = {
  place: 'element',
  stages: new Set(['plan', 'my-id', 'test']),
  inputs: new Set(['spec', 'limit']),
}
const LIST = Array.from({ length: 10_000 }, (_, index) => index)
const VARIABLES = {
  inputs: { list: LIST, text: 'x'.repeat(1_000_000), a: 10, b: 3, c: 2 },
  result: { x: 1, tests: ['a', 'b'] },
  issues: [{ severity: 'high' }, { severity: 'low' }],
  score: 85,
  round: 2,
  item: null,
  stages: { plan: { result: { x: 2 } }, 'my-id': { score: 71 } },
}

describe('checking (AS-67)', () => {
  test.each([
    ['score >= 70', []],
    ['stages.plan.result.x == 1 && stages["my-id"].score > 1', ['plan', 'my-id']],
    ['stages.plan.result.list[stages.test.result].x == stages.plan.score', ['plan', 'test']],
    ['issues.exists(stages, stages.severity == "high")', []],
    ['issues.filter(inputs, inputs.unknown == 1).size() == 0', []],
    ['inputs[item].x[0] == inputs.spec', []],
    ['{"a": [1, -index]}.a[0] == 1 ? !true : has(result.x)', []],
    ['[result][0].x in {"k": 1}', []],
    ['stages.plan.rounds-1 > 0', ['plan']],
  ])('%s reads the stages %j', (text, stages) => {
    expect(checkExpression(text, SCOPE)).toEqual({ ok: true, stages })
    expect(stagesIn(text)).toEqual(stages)
  })

  test.each([
    ['', 0, 'it is empty', []],
    ['a b', 2, "unexpected character: 'b'", []],
    ['score >=', 8, 'unexpected token: EOF', []],
    ['1'.repeat(5000), 0, 'it is longer than 4096 characters', []],
    ['('.repeat(200), 50, 'exceeded maxDepth (50)', []],
    ['"a" + 1', 0, 'no such overload: string + int', []],
    ['stages.pln.result', 7, 'there is no stage "pln"', ['plan']],
    ['stages["my_id"].score', 7, 'there is no stage "my_id"', ['my-id']],
    ['stages.my-id.score > 1', 7, '"-" is minus here; write stages["my-id"]', []],
    ['stages.my-idea.score > 1', 7, 'there is no stage "my"', []],
    ['stages.plan.reslt', 12, 'a stage has no reslt; it has result, status', ['result']],
    ['stages[item].result', 0, 'stages is always followed by the id of a stage', []],
    ['size(stages) > 1', 5, 'stages is always followed by the id of a stage', []],
    ['inputs.spc == ""', 7, 'the workflow has no input "spc"', ['spec']],
    ['scoer > 1', 0, 'there is no variable scoer here; there are inputs, stages', ['score', 'scores']],
    ['issues[stages.nope.result]', 14, 'there is no stage "nope"', []],
    ['result.matches("a+")', 7, 'patterns are left out, as one may take for ever', []],
    ['cel.bind(x, 1, x)', 4, 'there is no function bind', []],
    ['issues.len() > 1', 7, 'there is no function len', []],
    ['len(issues) > 1', 0, 'there is no function len', []],
    ['issues.exist(i, true)', 7, 'there is no function exist', ['exists', 'exists_one']],
    ['timestamp("2026-01-01T00:00:00Z") == result', 0, 'there is no function timestamp', []],
    ['b"a" == result', 0, 'bytes are no JSON; write a text', []],
    ['issues.map(1, 2)', 11, 'map(var, transform) invalid predicate iteration variable', []],
    ['result.?x', 7, 'expected IDENTIFIER', []],
  ])('%s is refused at %i: %s', (text, offset, why, nearest) => {
    const checked = checkExpression(text, SCOPE)
    expect(checked).toMatchObject({
      ok: false,
      offset,
      why: expect.stringContaining(why) as string,
      nearest: expect.arrayContaining(nearest) as string[],
    })
  })

  test('each place has its own variables', () => {
    expect(checkExpression('item > 1', { ...SCOPE, place: 'until' })).toMatchObject({ ok: false })
    expect(checkExpression('previous.x > 1', { ...SCOPE, place: 'until' })).toMatchObject({ ok: true })
    expect(checkExpression('stages.plan.score > 1', { ...SCOPE, place: 'run' })).toMatchObject({
      ok: false,
      why: 'no stage has run where this stands',
    })
    expect(checkExpression('inputs.limit > 1', { ...SCOPE, place: 'run' })).toMatchObject({ ok: true })
  })

  test('the names that an expression reads are known, and of what is none there are none', () => {
    expect(variablesIn('score + round > inputs.a + score')).toEqual(['score', 'round', 'inputs'])
    expect(variablesIn('a b')).toEqual([])
    expect(stagesIn('stages.')).toEqual([])
  })
})

describe('evaluating', () => {
  test.each([
    ['inputs.a - (inputs.b - inputs.c)', 9],
    ['(inputs.a + inputs.b) * inputs.c', 26],
    ['round + 1', 3],
    ['1 - round', -1],
    ['round * 2 == 2 * round', true],
    ['round / 4', 0.5],
    ['7 / 2', 3],
    ['round % 2 == 0 && 5 % round == 1.0 && round % inputs.b == 2', true],
    ['score >= 70 && 71 > 70.5', true],
    ['-inputs.a', -10],
    ['!(score > 1)', false],
    ['score > 90 ? "a" : "b"', 'b'],
    ['result', VARIABLES.result],
    ['result["x"] + (result).x', 2],
    ['stages.plan.result.x + stages["my-id"].score', 73],
    ['{"a": [1, 2.5, {"b": null}]}', { a: [1, 2.5, { b: null }] }],
    ['has(result.y)', false],
    ['has(result.x) && result.x == 1', true],
    ['issues.exists(i, i.severity == "high") && issues.all(i, has(i.severity))', true],
    ['issues.filter(i, i.severity != "low").map(i, i.severity)', ['high']],
    ['issues.map(i, i.severity == "low", 1)', [1]],
    ['issues.map(i, issues.filter(j, j == i).size() in [1, 2])', [true, true]],
    ['result.tests.map(i, result.tests[0] + i)', ['aa', 'ab']],
    ['result.tests.join("-").upperAscii()', 'A-B'],
    ['"a" in result.tests || "x" in result', true],
    ['result.tests[inputs.c - 1]', 'b'],
    ['string(round) + r"\\n" + "\\u00e9"', '2\\né'],
    ['inputs.list.map(x, (x + 1) * 2).size()', 10_000],
    ['score > 1 || result.missing', true],
  ])('%s', (text, value) => {
    expect(evaluate(text, VARIABLES)).toEqual({ ok: true, value })
  })

  test.each([
    ['result.y', 'no such key: y'],
    ['!(result.y)', 'no such key: y'],
    ['result.y == null', 'no such key: y'],
    ['result.constructor == null', 'no such key: constructor'],
    ['verdict == "approve"', 'unknown variable: verdict'],
    ['item >= 70', 'no such overload: null >= int'],
    ['item.x', 'no such key: x'],
    ['result.tests[2]', 'index out of bounds'],
    ['1.0 / 0.0', 'the result is no finite number'],
    ['1 / 0', 'division by zero'],
    ['2u', 'the result is no JSON'],
    ['result.tests && true', 'logical operator requires bool operands'],
    ['scroe >', 'unexpected token: EOF'],
  ])('%s is an error: %s (AS-67)', (text, why) => {
    const made = evaluate(text, VARIABLES)
    expect(made).toMatchObject({ ok: false, why: expect.stringContaining(why) as string })
    expect(holds(text, VARIABLES)).toEqual(made)
  })

  test.each([
    'inputs.list.filter(x, x in inputs.list).size()',
    'inputs.list.map(x, inputs.list.map(y, y)).size()',
    'inputs.list.exists(x, inputs.list.exists(y, inputs.list.exists(z, z < 0)))',
    'inputs.list.map(x, inputs.text)',
    'inputs.list.exists(x, inputs.text.contains("y"))',
    'inputs.text.split("").map(x, inputs.text.split("").size())',
  ])('%s ends after a bounded number of steps', (text) => {
    expect(evaluate(text, VARIABLES)).toEqual({ ok: false, why: 'it takes more than 500000 steps' })
  })

  test('a condition is true or false, and a gate of 70 holds at 70 (AS-67)', () => {
    expect(holds('score >= 70', { score: 70 })).toEqual({ ok: true, holds: true })
    expect(holds('score >= 70', { score: 69.9 })).toEqual({ ok: true, holds: false })
    expect(holds('test_coverage >= 70', { test_coverage: 60 })).toEqual({ ok: true, holds: false })
    const kinds = ['score', 'result', 'issues', '"true"', 'item'].map((text) => holds(text, VARIABLES))
    expect(kinds.map((made) => (made.ok ? '' : made.why))).toEqual(
      ['a number', 'an object', 'a list', 'a text', 'null'].map(
        (kind) => `it gives ${kind}, and must give true or false`,
      ),
    )
  })

  test('equal texts are parsed once, and the oldest is forgotten', () => {
    const first = programOf('score == 1000000')
    expect(programOf('score == 1000000')).toBe(first)
    for (let index = 0; index < 4096; index++) programOf(`score == ${index}`)
    expect(programOf('score == 1000000')).not.toBe(first)
  })
})

const name = fc.constantFrom('score', 'round', 'result', 'issues', 'stages.plan', 'inputs', 'x', 'item')
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 4 },
    name,
    fc.constantFrom('1', '2.5', '"a"', 'true', 'null', '[]', '{}', '-3', 'r"\\d"', "'''b'''"),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in'),
        tie('expression'),
      )
      .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
    fc
      .tuple(
        tie('expression'),
        fc.constantFrom('map', 'filter', 'all', 'exists', 'exists_one'),
        tie('expression'),
      )
      .map(([list, macro, body]) => `(${list}).${macro}(x, ${body})`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([test_, left, right]) => `(${test_}) ? (${left}) : [${right}, {"k": ${left}}]`),
    tie('expression').map((inner) => `(${inner}).x[0]`),
    tie('expression').map((inner) => `!(${inner})`),
    tie('expression').map((inner) => `size(${inner})`),
  ),
}))

test('any text is checked and evaluated without throwing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), expression, fc.json()), (text) => {
      const checked = checkExpression(text, SCOPE)
      expect(checked.ok ? 0 : checked.offset).toBeLessThanOrEqual(text.length)
      const made = evaluate(text, VARIABLES)
      const value = made.ok ? made.value : null
      expect(JSON.parse(JSON.stringify(value))).toEqual(value)
      expect(isFault(programOf(text)) && made.ok).toBe(false)
    }),
    { numRuns: 500 },
  )
})
