/** What a request of Anthropic Messages says about its conversation, without what Claude Code adds by itself. */
import type { Json } from '../../json.ts'
import type { Conversation, Exchange } from '../conversation.ts'
import { listMember, member, textMember, type WireRequest } from '../wire.ts'

/** What Claude Code adds to a user's message: it says nothing to the scripted model. */
const REMINDERS = /^(?:<system-reminder>[\s\S]*?<\/system-reminder>\s*)+/u
const INTERRUPTION = /^\[Request interrupted by user/u
/** What Claude Code says by itself to make the model go on. */
const NUDGES: readonly RegExp[] = [
  /^\[structured-output-enforce\]/u,
  /^\[Your previous response had no visible output\./u,
  /^Output token limit hit\. Resume directly/u,
  /^Your response above was stopped by a safety classifier/u,
  /^<system-reminder>\s*\[SYSTEM NOTIFICATION/u,
]
/** Claude Code names the folder in its instructions, `Working directory:` in older versions. */
const WORKING_DIRECTORY = /working directory: (.+)$/imu

export function readRequest({ body, headers }: WireRequest): Conversation | undefined {
  const model = textMember(body, 'model')
  if (model === undefined || !Array.isArray(member(body, 'messages'))) return undefined
  const messages = listMember(body, 'messages')
  const session = headers['x-claude-code-session-id']
  const cwd = workingDirectory([...listMember(body, 'system'), ...messages.filter(isInstruction)])
  return {
    model,
    exchanges: exchangesOf(messages),
    // An agent may have no tools either, but it is told where it works.
    side: listMember(body, 'tools').length === 0 && cwd === undefined,
    stream: member(body, 'stream') === true,
    ...(session !== undefined && { session }),
    ...(cwd !== undefined && { cwd }),
  }
}

function exchangesOf(messages: readonly Json[]): readonly Exchange[] {
  const called: string[] = []
  return messages.flatMap((message): readonly Exchange[] => {
    const blocks = blocksOf(message)
    switch (textMember(message, 'role')) {
      case 'assistant':
        called.push(...blocks.flatMap((block) => textMember(block, 'id') ?? []))
        return [{ by: 'model' }]
      case 'user': {
        const outputs = outputsIn(blocks, called)
        const said = blocks.flatMap(saidIn)
        return outputs.length === 0 ? said : [{ by: 'tools', outputs }, ...said]
      }
      default:
        return []
    }
  })
}

/** The outputs in the order of the calls: the client sends them in the order in which the tools were done. */
function outputsIn(blocks: readonly Json[], called: readonly string[]): readonly string[] {
  const place = (result: Json): number => called.indexOf(textMember(result, 'tool_use_id') ?? '')
  const results = blocks.filter((block) => textMember(block, 'type') === 'tool_result')
  return results.sort((a, b) => place(a) - place(b)).map((result) => textsOf(result).join('\n'))
}

function saidIn(block: Json, index: number, blocks: readonly Json[]): readonly Exchange[] {
  if (textMember(block, 'type') !== 'text') return []
  const whole = textMember(block, 'text') ?? ''
  if (NUDGES.some((nudge) => nudge.test(whole))) return [{ by: 'client' }]
  const text = whole.replace(REMINDERS, '')
  if (text.trim() === '' || INTERRUPTION.test(text)) return []
  // Two messages of the user that follow each other are sent as one, with a line break between them.
  return [{ by: 'user', text: index < blocks.length - 1 ? text.replace(/\n$/u, '') : text }]
}

/** Content is a text or a list of blocks. */
function blocksOf(message: Json): readonly Json[] {
  const text = textMember(message, 'content')
  return text === undefined ? listMember(message, 'content') : [{ type: 'text', text }]
}

function textsOf(message: Json): readonly string[] {
  return blocksOf(message).flatMap((block) => textMember(block, 'text') ?? [])
}

/** Instructions may also come in mid-conversation, as messages of the role `system`. */
function isInstruction(message: Json): boolean {
  return textMember(message, 'role') === 'system'
}

function workingDirectory(instructions: readonly Json[]): string | undefined {
  for (const one of instructions) {
    for (const text of [textMember(one, 'text') ?? '', ...textsOf(one)]) {
      const found = WORKING_DIRECTORY.exec(text)?.[1]
      if (found !== undefined) return found.trim()
    }
  }
  return undefined
}
