import { relative } from 'node:path'
import type { Outputs } from '../../operations/outputs.ts'
import { formatDuration } from '../../time/duration.ts'
import { formatTable } from '../columns.ts'
import { count, plural, timeOfDay, usd, usdColumn } from '../format.ts'
import { oneLine, wrap } from '../text.ts'
import { ownerText } from './board-text.ts'
import { showCheckpoints } from './checkpoints.ts'
import { graphLines } from './graph-text.ts'
import { helpLines, nextLine, runHeadline, runStatus, stageLines, type Run } from './run-text.ts'
import { formatFacts, type Page, type Shown, type Views } from './view.ts'

type Plan = Extract<Outputs['run-workflow'], { readonly waves: unknown }>
type Outcome = Outputs['resume-run']
type Check = Outputs['validate-workflows'][number]

export const WORKFLOW_VIEWS: Views<
  | 'run-workflow'
  | 'validate-workflows'
  | 'workflows'
  | 'workflow-status'
  | 'workflow-graph'
  | 'checkpoints'
  | 'trace'
  | 'pause-run'
  | 'resume-run'
  | 'cancel-run'
  | 'skip-stage'
  | 'retry-stage'
  | 'signal-run'
  | 'reset-workflow'
  | 'export-workflow'
> = {
  'run-workflow': (output, page) => ('waves' in output ? showPlan(output, page) : showOutcome(output, page)),
  'validate-workflows': showChecks,
  workflows: showList,
  'workflow-status': showStatus,
  'workflow-graph': showGraph,
  checkpoints: showCheckpoints,
  trace: showTrace,
  'pause-run': (run) => ({
    body: '',
    remark:
      run.metrics.progress.in_progress === 0
        ? `${run.id} is ${runStatus(run)}. Go on: atelier workflow resume ${run.id}`
        : `${run.id} is ${runStatus(run)}: what runs goes on to its end, and nothing else begins. Go on: atelier workflow resume ${run.id}`,
  }),
  'resume-run': showOutcome,
  'cancel-run': (run) => ({ body: '', remark: `${run.id} is ${runStatus(run)}.` }),
  'skip-stage': (run, { input }) => ({ body: '', remark: goesOn(run, `Skipped ${String(input['stage'])}`) }),
  'retry-stage': showOutcome,
  'signal-run': (run, { input }) => ({ body: '', remark: goesOn(run, `Sent ${String(input['signal'])}`) }),
  'export-workflow': ({ workflow, written, kept, text }) => ({
    body: text ?? written.map((path) => `${path}\n`).join(''),
    remark:
      text !== null
        ? `This is ${workflow} in the form of Atelier. Write it to .atelier/workflows/${workflow}.yaml to go on with it.`
        : written.length === 0
          ? `Nothing was written: ${kept.join(', ')} ${kept.length === 1 ? 'is' : 'are'} there already.`
          : `Edit them, and run it: atelier workflow run ${workflow}${kept.length === 0 ? '' : `. Left as they are: ${kept.join(', ')}`}`,
  }),
  'reset-workflow': ({ workflow, forgotten }) => ({
    body: '',
    remark:
      forgotten.length === 0
        ? `The workflow ${workflow} had no runs.`
        : `Forgot ${forgotten.length > 3 ? plural(forgotten.length, 'run') : forgotten.join(', ')}. Run it again: atelier workflow run ${workflow}`,
  }),
}

function goesOn(run: Run, what: string): string {
  const next = nextLine(run)
  return `${what}: ${run.id} is ${runStatus(run)}.${next === null ? '' : ` ${next}`}`
}

/** The result for standard output, and how it went. Of a run that was not waited for, only how to look at it. */
function showOutcome(run: Outcome, page: Page): Shown {
  const { paint, now, clean } = page
  const took = formatDuration((run.settledAt ?? now) - run.startedAt)
  const cost = run.costUsd === 0 ? '' : `, ${usd(run.costUsd)}`
  const left: Shown = {
    body: `${run.id}\n`,
    remark: `${run.id} is ${runStatus(run)}. Look at it: atelier workflow status ${run.id}. Its result: atelier workflow resume ${run.id}`,
  }
  if (run.detached === true) return left
  switch (run.status) {
    case 'running':
    case 'paused':
      return left
    case 'completed':
    case 'partially_completed':
      return {
        body: `${clean(resultText(run.result))}\n`,
        remark: `${run.id} is ${runStatus(run)} after ${took}${cost}.${failedText(run)}`,
      }
    case 'failed':
    case 'cancelled': {
      const why = run.error === null ? '' : `: ${clean(run.error.message)} [${run.error.code}]`
      const next = nextLine(run)
      return {
        body: '',
        remark: [
          paint.bad(
            `${run.id} ${run.status === 'failed' ? 'has failed' : 'was cancelled'} after ${took}${cost}${why}`,
          ),
          ...(next === null ? [] : [next]),
        ].join('\n'),
      }
    }
  }
}

/** What a run that is completed in part lacks. */
function failedText({ stages, status, id }: Outcome): string {
  if (status !== 'partially_completed') return ''
  const lacking = stages.filter(
    ({ elements, decision, error }) =>
      (elements?.failed ?? 0) > 0 || error !== null || decision === 'accept_best',
  )
  return ` Not all went well: ${lacking.map(({ stage }) => stage).join(', ')}. Look at it: atelier workflow status ${id}`
}

/** One text as it is; of several results by their stages, or anything else, the JSON. */
function resultText(result: Outcome['result']): string {
  if (typeof result === 'string') return result
  if (result !== null && typeof result === 'object' && !Array.isArray(result)) {
    const values = Object.values(result)
    const [only] = values
    if (values.length === 1 && typeof only === 'string') return only
  }
  return JSON.stringify(result, null, 2)
}

function showChecks(checks: Outputs['validate-workflows'], page: Page): Shown {
  if (checks.length === 0)
    return { body: '', remark: 'No workflows. Write one to .atelier/workflows/NAME.yaml' }
  const { paint } = page
  const lines = checks.flatMap(({ file, problems }) =>
    problems.map((problem) => `${paint.bad(placeOf(file, problem, page))} ${problemText(problem)}\n`),
  )
  for (const { file, notes } of checks)
    for (const note of notes) lines.push(`${paint.faint(placeOf(file, note, page))} note: ${note.message}\n`)
  const good = checks.filter(({ problems }) => problems.length === 0)
  const bad = checks.length - good.length
  const total = checks.reduce((sum, { problems }) => sum + problems.length, 0)
  if (bad === 0) {
    const names = good
      .map(({ workflow, stages }) => `${workflow ?? ''} (${plural(stages, 'stage')})`)
      .join(', ')
    return { body: lines.join(''), remark: `Nothing is wrong: ${names}.` }
  }
  const rest =
    good.length === 0 ? '' : ` ${plural(good.length, 'other')} ${good.length === 1 ? 'is' : 'are'} right.`
  return { body: lines.join(''), remark: `${plural(total, 'problem')} in ${plural(bad, 'workflow')}.${rest}` }
}

function placeOf(
  file: Check['file'],
  { line, column }: Pick<Check['problems'][number], 'line' | 'column'>,
  { cwd }: Page,
): string {
  const inside = file === null ? 'workflow' : relative(cwd, file)
  const shown = inside.startsWith('..') && file !== null ? file : inside
  return `${[shown, line, column].filter((part) => part !== null).join(':')}:`
}

/** `stage "test", field needs: …`; what is allowed where the sentence does not say it. */
function problemText({ stage, field, message, allowed }: Check['problems'][number]): string {
  const where = [
    ...(stage === null ? [] : [`stage "${stage}"`]),
    ...(field === null ? [] : [`field ${field}`]),
  ]
  const said = stage === null ? message : message.replace(`Stage "${stage}": `, '')
  const list = typeof allowed === 'string' ? allowed : (allowed?.join(', ') ?? '')
  const isSaid = list === '' || said.includes(list)
  const prefix = where.length === 0 ? '' : `${where.join(', ')}: `
  return `${prefix}${said}${isSaid ? '' : ` Allowed: ${list}.`}`
}

function showList(lines: Outputs['workflows'], page: Page): Shown {
  const { paint } = page
  const bad = lines.filter(({ problem }) => problem !== null)
  return {
    body: formatTable(
      lines,
      [
        { title: 'WORKFLOW', text: ({ name }) => name, paint: paint.name },
        {
          title: 'STATUS',
          text: ({ status, runs }) =>
            status === 'defined' && runs === 0 ? 'not run yet' : status.replaceAll('_', ' '),
          paint: (text, { status }) =>
            status === 'failed' || status === 'invalid'
              ? paint.bad(text)
              : status === 'completed'
                ? paint.good(text)
                : text,
        },
        { title: 'STAGES', align: 'right', text: ({ stages }) => (stages === 0 ? '' : count(stages)) },
        { title: 'RUNS', align: 'right', text: ({ runs }) => (runs === 0 ? '' : count(runs)) },
        { title: 'FROM', optional: true, text: ({ source }) => source },
        { title: 'LAST RUN', optional: true, text: ({ run }) => run ?? '' },
        { title: 'WHAT', optional: true, flexible: true, text: ({ description }) => description ?? '' },
      ],
      page,
    ),
    ...(bad.length === 0
      ? {}
      : {
          remark: `${bad.map(({ name }) => name).join(', ')}: the file is no workflow. Why: atelier workflow validate ${bad.map(({ name }) => name).join(' ')}`,
        }),
  }
}

function showStatus(run: Outputs['workflow-status'], page: Page): Shown {
  const { input } = page
  if (run === null) {
    const name = input['run']
    return {
      body: '',
      remark:
        typeof name === 'string'
          ? `The workflow ${name} has not run yet. Start it: atelier workflow run ${name}`
          : 'No workflow has run yet. What there is: atelier workflow list',
    }
  }
  const { paint, clean, width } = page
  const helps = helpLines(run)
  const next = nextLine(run)
  const error =
    run.error === null ? [] : wrap(`${clean(run.error.message)} [${run.error.code}]`, width).map(paint.bad)
  const lines = [
    runHeadline(run, page),
    '',
    ...stageLines(run, page),
    ...(error.length === 0 ? [] : ['', ...error]),
    ...(helps.length === 0 ? [] : ['', paint.active('What helps'), ...helps.map((line) => `  ${line}`)]),
    ...(run.children.length === 0 ? [] : ['', ...wrap(`Runs within it: ${run.children.join(', ')}`, width)]),
  ]
  return {
    body: lines.map((line) => `${line}\n`).join(''),
    ...(next === null ? {} : { remark: next }),
  }
}

function showGraph(graph: Outputs['workflow-graph'], page: Page): Shown {
  if (page.input['mermaid'] === true) return { body: graph.mermaid }
  const { paint } = page
  const what = graph.run ?? graph.workflow
  const status = graph.status === null ? '' : `, ${runStatus({ status: graph.status })}`
  const size = `${plural(graph.nodes.length, 'stage')} in ${plural(graph.waves.length, 'wave')}${status}`
  const lines = [`${paint.strong(what)}  ${paint.faint(size)}`, '', ...graphLines(graph, page)]
  return { body: lines.map((line) => `${line}\n`).join('') }
}

function showTrace(lines: Outputs['trace'], page: Page): Shown {
  if (lines.length === 0) return { body: '', remark: 'Nothing was made yet.' }
  const { paint, now } = page
  const cost = usdColumn(lines.map(({ costUsd }) => costUsd))
  return {
    body: formatTable(
      lines,
      [
        {
          title: 'AT',
          from: 100,
          text: ({ settledAt }) => (settledAt === null ? '' : timeOfDay(settledAt, now)),
        },
        { title: 'ITEM', text: ({ item }) => item, paint: paint.name },
        { title: 'BY', text: ({ owner }) => ownerText(owner) },
        { title: 'STATUS', text: ({ status }) => status },
        { title: 'FROM', optional: true, text: ({ from }) => from.join(', ') },
        { title: 'FEEDBACK', optional: true, text: ({ feedback }) => feedback ?? '' },
        {
          title: 'COST',
          optional: true,
          align: 'right',
          text: ({ costUsd }) => (costUsd === 0 ? '' : cost(costUsd)),
        },
        { title: 'RESULT', optional: true, flexible: true, text: ({ result }) => result ?? '' },
      ],
      page,
    ),
  }
}

function showPlan(plan: Plan, page: Page): Shown {
  const { paint, clean } = page
  const cost = usdColumn(plan.stages.flatMap(({ minCostUsd, maxCostUsd }) => [minCostUsd, maxCostUsd ?? 0]))
  const table = formatTable(
    plan.stages,
    [
      { title: 'WAVE', align: 'right', text: ({ wave }) => String(wave) },
      { title: 'STAGE', text: ({ stage }) => stage, paint: paint.name },
      { title: 'WHO', text: whoWould },
      {
        title: 'ROUNDS',
        align: 'right',
        optional: true,
        text: ({ rounds }) => (rounds === 1 ? '' : `≤ ${rounds}`),
      },
      {
        title: 'COST',
        optional: true,
        text: ({ minCostUsd, maxCostUsd }) =>
          maxCostUsd === 0 ? '' : `${cost(minCostUsd)} to ${maxCostUsd === null ? 'any' : cost(maxCostUsd)}`,
      },
      {
        title: 'WHAT',
        optional: true,
        flexible: true,
        from: 110,
        text: ({ notes }) => notes.map(oneLine).join('; '),
      },
    ],
    page,
  )
  const inputs = Object.entries(plan.inputs).map(
    ([name, value]) => `${name} = ${clean(JSON.stringify(value))}`,
  )
  const files = plan.files.map(({ path, bytes }) =>
    bytes === null ? `${path} ${paint.bad('(missing)')}` : `${path} (${count(bytes)} bytes)`,
  )
  const facts = formatFacts(
    [
      ['inputs', inputs.join('\n')],
      ['reads', files.join('\n')],
      ['cost', costText(plan)],
    ],
    page,
  )
  const problems = plan.problems.map(
    ({ code, message }) => `${paint.bad('It would not start:')} ${clean(message)} [${code}]\n`,
  )
  return {
    body: `${table}\n${facts}${problems.length === 0 ? '' : `\n${problems.join('')}`}`,
    remark: 'Nothing was started.',
  }
}

/** `coder (made from its profile)`, `dev, a worker for code`. */
function whoWould({ who, agent, type, worker, isMade, profile }: Plan['stages'][number]): string {
  if (worker !== null) return `${worker}, a worker for ${type ?? ''}`
  if (agent !== null) {
    const made = isMade
      ? ''
      : profile === null || profile === agent
        ? ' (to be made)'
        : ` (to be made from ${profile})`
    return `${agent}${made}`
  }
  return type === null ? oneLine(who) : `no worker for ${type} yet`
}

function costText({ minCostUsd, maxCostUsd, budgetUsd, stages }: Plan): string {
  const turns = stages.filter(({ turnUsd }) => turnUsd !== null)
  if (turns.length === 0 && maxCostUsd === 0) return 'nothing: no agent takes a turn'
  const upTo =
    maxCostUsd === null ? 'no bound: a list or a workflow is not known yet' : `at most ${usd(maxCostUsd)}`
  const budget = budgetUsd === null ? '' : `, by its budget ${usd(budgetUsd)}`
  const assumed = turns.filter(({ basis }) => basis === 'assumed').length
  const basis =
    assumed === 0
      ? ''
      : `\n${assumed === turns.length ? 'every turn' : plural(assumed, 'stage')}: ${usd(turns.find((each) => each.basis === 'assumed')?.turnUsd ?? 0)} a turn is assumed, as none is on record`
  return `about ${usd(minCostUsd)} if all goes well, ${upTo}${budget}${basis}`
}
