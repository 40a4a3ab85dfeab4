import { count, usd } from '../format.ts'
import type { Page, Shown, Views } from './view.ts'
import type { Outputs } from '../../operations/outputs.ts'

type Reply = Outputs['ask']
type Replies = Outputs['fan']

export const TALK_VIEWS: Views<'ask' | 'cast' | 'await' | 'await-all' | 'pipe' | 'fan' | 'interrupt'> = {
  ask: showReply,
  pipe: showReply,
  await: (reply, page) =>
    reply === null
      ? { body: '', remark: 'It has nothing to do, and has not answered anything yet.' }
      : showReply(reply, page),
  'await-all': showReplies,
  fan: showReplies,
  cast: ({ agent }) => ({
    body: '',
    remark: `Agent ${agent} has the message. Wait for its answer: atelier await ${agent}`,
  }),
  interrupt: ({ agent, cancelled }) => ({
    body: '',
    remark:
      cancelled === 0
        ? `Agent ${agent} had nothing to do.`
        : `Agent ${agent}: ${count(cancelled)} cancelled.`,
  }),
}

function showReply(reply: Reply, page: Page): Shown {
  return { body: text(reply.text, page), remark: replyFacts(reply) }
}

function replyFacts({ agent, cost, costSource, usage, turn }: Reply): string {
  const assumed = costSource === 'assumed' ? ' assumed' : ''
  const tokens =
    usage.input + usage.output === 0 ? '' : `, ${count(usage.input)} tokens in, ${count(usage.output)} out`
  return `${agent}: ${usd(cost)}${assumed}${tokens}, ${turn}`
}

function showReplies(replies: Replies, page: Page): Shown {
  const { paint, clean } = page
  const entries = Object.entries(replies)
  if (entries.length === 0)
    return { body: '', remark: 'No agent has anything to do, or has answered anything yet.' }
  const blocks = entries.map(([agent, reply]) => {
    const title = paint.strong(`## ${agent}`)
    if ('error' in reply)
      return `${title}\n${paint.bad('error:')} ${clean(reply.error.message)} [${reply.error.code}]\n`
    return `${title}\n${text(reply.text, page)}`
  })
  const total = entries.reduce((sum, [, reply]) => sum + ('error' in reply ? 0 : reply.cost), 0)
  const failed = entries.filter(([, reply]) => 'error' in reply).length
  const outcome =
    failed === 0 ? `${entries.length} answered` : `${entries.length - failed} answered, ${failed} failed`
  return { body: blocks.join('\n'), remark: `${outcome}, ${usd(total)}` }
}

function text(answer: string, { clean }: Page): string {
  return answer.endsWith('\n') ? clean(answer) : `${clean(answer)}\n`
}
