/** Turns the lines of one run of Claude Code into events, and keeps what they say of the run as a whole. */
import { NO_USAGE, type AgentEvent } from '../../agent-backend.ts'
import { headOf } from '../../json.ts'
import { redactJson, type Redactor } from '../../processes/redact.ts'
import type { Usage } from '../../tables.ts'
import { ContentReader } from './content.ts'
import { fieldsOf, numberOf, objectsOf, parseObject, textOf, type Fields } from './line.ts'
import { limitEvent, resetOf } from './quota.ts'
import { readResult, type ClaudeResult } from './result.ts'
import { rounded, spendingOf, sumUsage } from './usage.ts'

/** What the first lines say of a run. */
export interface RunFacts {
  readonly session: string
  readonly version: string | undefined
  readonly model: string | undefined
}

/** A call of the model that is tried again. */
export interface Retry {
  readonly attempt: number
  readonly status: number | undefined
  readonly delayMs: number
}

/** Lines that say nothing that events do not say: pieces of state for the screen of Claude Code itself. */
const SILENT: ReadonlySet<string> = new Set([
  'auth_status',
  'control_cancel_request',
  'control_response',
  'keep_alive',
  'prompt_suggestion',
  'system/background_tasks_changed',
  'system/files_persisted',
  'system/hook_progress',
  'system/hook_response',
  'system/hook_started',
  'system/post_turn_summary',
  'system/session_state_changed',
  'system/status',
  'system/task_notification',
  'system/task_progress',
  'system/task_started',
  'system/task_updated',
  'system/thinking_tokens',
  'tool_progress',
  'tool_use_summary',
  'ui_invalidate',
])
/** Of the lines that are not known, what is kept for the transcript. */
const RAW_CHARACTERS = 4096
const MAX_RAW_LINES = 200
/** Work in the background that goes on until somebody ends it: the answer does not wait for it. */
const UNENDING_TASKS: ReadonlySet<string | undefined> = new Set([
  'local_bash',
  'monitor',
  'monitor_mcp',
  'monitor_ws',
])

export interface ReaderOptions {
  readonly cwd: string
  /** Cost of the session before the turn; undefined where it is not known. */
  readonly beforeUsd: number | undefined
  readonly redact: Redactor
  readonly maxBlockCharacters: number
}

export class ClaudeReader {
  readonly #redact: Redactor
  readonly #content: ContentReader
  #beforeUsd: number | undefined
  #raws = 0
  #errorWord: string | undefined
  #resetsAt: number | undefined
  #isCostKnown = true

  /** Undefined until a line says so. */
  facts: RunFacts | undefined
  /** The last result; a turn may have several. */
  result: ClaudeResult | undefined
  /** False from a result on, until the model goes on: when subagents or commands in the background have ended. */
  isWorking = true
  /** True if subagents ran when the last result came: what the model says when they have ended is the answer. */
  isInterim = false
  /** The last text that was an answer. */
  text = ''
  usage: Usage = NO_USAGE
  costUsd: number | undefined
  totalUsd: number | undefined
  /** Set while a call of the model is waited with. */
  retry: Retry | undefined
  /** Bytes that were no lines of Claude Code, and the first of them. */
  garbageBytes = 0
  firstGarbage = ''
  /** True once a line of Claude Code was read. */
  hasBegun = false
  /** Subagents and workflows that still run. */
  subagents = 0
  /** Requests that wait for an answer on stdin. */
  readonly questions: Fields[] = []

  constructor({ cwd, beforeUsd, redact, maxBlockCharacters }: ReaderOptions) {
    this.#redact = redact
    this.#beforeUsd = beforeUsd
    this.#content = new ContentReader(cwd, redact, maxBlockCharacters)
  }

  get modelCalls(): number {
    return this.#content.modelCalls
  }

  /** True while a tool or a subagent works, which may be silent for long. */
  get isToolRunning(): boolean {
    return this.#content.isToolRunning || this.subagents > 0
  }

  /** What a line tells. */
  *take(text: string): Generator<AgentEvent, void, void> {
    if (text.trim() === '') return
    const line = parseObject(text)
    const type = textOf(line?.['type'])
    if (line === undefined || type === undefined) return yield* this.#garbage(text)
    this.hasBegun = true
    switch (type) {
      case 'assistant':
        this.#goesOn(line)
        this.#errorWord = textOf(line['error']) ?? this.#errorWord
        this.#resetsAt ??= resetOf(fieldsOf(fieldsOf(line['api_error_params'])['rate_limit_info'])).resetsAt
        return yield* this.#content.assistant(line)
      case 'user':
        return yield* this.#content.user(line)
      case 'stream_event':
        this.#goesOn(line)
        return yield* this.#content.piece(line)
      case 'result':
        return yield* this.#result(line)
      case 'rate_limit_event':
        return yield* this.#limit(line)
      case 'control_request':
        this.questions.push(line)
        return
      case 'system':
        return yield* this.#system(line)
      default:
        return yield* this.#other(type, line)
    }
  }

  *#system(line: Fields): Generator<AgentEvent, void, void> {
    const subtype = textOf(line['subtype']) ?? ''
    switch (subtype) {
      case 'init':
        this.#goesOn(line)
        return yield* this.#init(line)
      case 'api_retry':
        return yield* this.#apiRetry(line)
      case 'permission_denied':
        return yield this.#denied(line)
      case 'informational': {
        const content = textOf(line['content'])
        if (content !== undefined) yield { t: 'warn', message: this.#redact(content) }
        return
      }
      case 'background_tasks_changed': {
        const tasks = objectsOf(line['tasks'])
        this.subagents = tasks.filter(({ task_type }) => !UNENDING_TASKS.has(textOf(task_type))).length
        return
      }
      default:
        return yield* this.#other(`system/${subtype}`, line)
    }
  }

  *#init(line: Fields): Generator<AgentEvent, void, void> {
    const isFirst = this.facts === undefined
    this.facts = {
      session: textOf(line['session_id']) ?? '',
      version: textOf(line['claude_code_version']),
      model: textOf(line['model']),
    }
    if (!isFirst) return
    for (const { name, status } of objectsOf(line['mcp_servers'])) {
      if (status !== 'failed' && status !== 'needs-auth') continue
      const why = status === 'failed' ? 'did not start' : 'wants a login'
      yield { t: 'warn', message: `The MCP server ${textOf(name) ?? ''} ${why}: the agent works without it.` }
    }
    for (const error of objectsOf(line['mcp_server_errors'])) {
      yield { t: 'warn', message: `MCP: ${this.#redact(JSON.stringify(error))}` }
    }
  }

  *#apiRetry(line: Fields): Generator<AgentEvent, void, void> {
    const status = numberOf(line['error_status'])
    const delayMs = numberOf(line['retry_delay_ms']) ?? 0
    this.retry = { attempt: numberOf(line['attempt']) ?? 1, status, delayMs }
    yield { t: 'retry', attempt: this.retry.attempt, delayMs, ...(status !== undefined && { status }) }
  }

  #denied(line: Fields): AgentEvent {
    return {
      t: 'permission',
      id: textOf(line['tool_use_id']) ?? '',
      tool: textOf(line['tool_name']) ?? '',
      decision: 'denied',
      reason: this.#redact(textOf(line['message']) ?? ''),
    }
  }

  *#limit(line: Fields): Generator<AgentEvent, void, void> {
    const event = limitEvent(line)
    if (event === undefined) return
    if (event.state === 'reached') this.#resetsAt = event.resetsAt ?? this.#resetsAt
    yield event
  }

  *#result(line: Fields): Generator<AgentEvent, void, void> {
    this.isWorking = false
    this.isInterim = this.subagents > 0
    this.result = readResult(line, { error: this.#errorWord, resetsAt: this.#resetsAt }, this.#redact)
    if (this.result.text !== '') this.text = this.result.text
    const spent = spendingOf(line, this.#beforeUsd)
    this.totalUsd = spent.totalUsd ?? this.totalUsd
    this.#beforeUsd = this.totalUsd
    this.usage = sumUsage([this.usage, spent.usage])
    this.#isCostKnown &&= spent.costUsd !== undefined
    this.costUsd = this.#isCostKnown ? rounded((this.costUsd ?? 0) + (spent.costUsd ?? 0)) : undefined
    yield { t: 'usage', delta: spent.usage, ...(spent.costUsd !== undefined && { costUsd: spent.costUsd }) }
  }

  /** The model works: what was waited for is there. Lines of subagents come also after a result. */
  #goesOn(line: Fields): void {
    if (textOf(line['parent_tool_use_id']) !== undefined) return
    this.isWorking = true
    this.retry = undefined
  }

  *#other(name: string, line: Fields): Generator<AgentEvent, void, void> {
    if (SILENT.has(name) || !this.#hasRoom()) return
    const text = this.#redact(JSON.stringify(line))
    const isShort = text.length <= RAW_CHARACTERS
    yield { t: 'raw', line: isShort ? redactJson(line, this.#redact) : headOf(text, RAW_CHARACTERS) }
  }

  *#garbage(text: string): Generator<AgentEvent, void, void> {
    this.garbageBytes += Buffer.byteLength(text)
    const head = headOf(this.#redact(text.slice(0, RAW_CHARACTERS * 2)), RAW_CHARACTERS)
    if (this.firstGarbage === '') this.firstGarbage = head
    if (this.#hasRoom()) yield { t: 'raw', line: head }
  }

  #hasRoom(): boolean {
    return ++this.#raws <= MAX_RAW_LINES
  }
}
