/** Tells what becomes of the stages of a run, from the log. What their agents do is told by the teller of the board. */
import type { AtelierEvent } from '../events.ts'
import type { Narrator } from './narrator.ts'

type Style = 'dim' | 'green' | 'red'

export class FeatureTeller {
  readonly #narrator: Narrator

  constructor(narrator: Narrator) {
    this.#narrator = narrator
  }

  /** Tells events up to the end of the run. */
  async follow(events: AsyncIterable<AtelierEvent>): Promise<void> {
    for await (const event of events) this.event(event)
  }

  event({ type, data }: AtelierEvent): void {
    switch (type) {
      case 'item.claimed':
        // What no agent does is told by what it comes to.
        if (!data.owner.startsWith(':')) this.#tell(data.item, `taken by ${data.owner}`)
        return
      case 'stage.scored':
        this.#tell(placeOf(data), `sends it back, ${scoreText(data.score)}`, 'red')
        return
      case 'stage.rewound':
        if (data.feedbackStage !== null)
          this.#tell(data.stage, `begins again, told what ${data.feedbackStage} says`)
        return
      case 'stage.done': {
        const score = data.score === null ? '' : `, ${scoreText(data.score)}`
        this.#tell(placeOf(data), `done${score}`, 'green')
        return
      }
      case 'stage.failed':
        this.#tell(placeOf(data), `failed: ${data.error.message}`, 'red')
        return
      case 'item.done':
        if (data.commit !== null)
          this.#tell(data.item, `all of it is on main as ${data.commit.slice(0, 7)}`, 'green')
        return
      default:
        return
    }
  }

  /** @param part an item of the run, or a stage of it */
  #tell(part: string, text: string, style?: Style): void {
    this.#narrator.by(part.slice(part.indexOf('/') + 1), text, style, 'told')
  }
}

function placeOf({ stage, round }: { readonly stage: string; readonly round: number }): string {
  return round === 1 ? stage : `${stage}#${round}`
}

function scoreText(score: number | null): string {
  return score === null ? 'without a score' : `with ${score} of 100`
}
