/** Colours, each with the one meaning it has everywhere. */
import { styleText } from 'node:util'
import type { Sink } from './terminal.ts'

type Brush = (text: string) => string

export interface Paint {
  readonly strong: Brush
  readonly faint: Brush
  readonly good: Brush
  readonly bad: Brush
  /** Wants attention, or goes on right now. */
  readonly active: Brush
  /** A name of something. */
  readonly name: Brush
}

const plain: Brush = (text) => text
const PLAIN: Paint = { strong: plain, faint: plain, good: plain, bad: plain, active: plain, name: plain }

function brush(style: Parameters<typeof styleText>[0]): Brush {
  return (text) => (text === '' ? '' : styleText(style, text, { validateStream: false }))
}

const COLOURS: Paint = {
  strong: brush('bold'),
  faint: brush('dim'),
  good: brush('green'),
  bad: brush('red'),
  active: brush('yellow'),
  name: brush('cyan'),
}

/** Colours for a stream, or none. */
export function paintFor(sink: Pick<Sink, 'colour'>): Paint {
  return sink.colour ? COLOURS : PLAIN
}
