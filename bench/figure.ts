/** What a measurement is, and whether its figure meets its target. */

/** A figure as `--json` prints it. Floor and ratio are null where the target is absolute. */
export interface Figure {
  readonly value: number
  readonly unit: string
  readonly floor: number | null
  readonly ratio: number | null
}

export type Target =
  | { readonly ratioAtMost: number }
  | { readonly ratioAtLeast: number }
  | { readonly valueAtMost: number }

export interface Measurement {
  readonly name: string
  /** What is measured, against what. */
  readonly what: string
  readonly unit: string
  readonly target: Target
  /** It takes minutes: `--short` leaves it out. */
  readonly isLong?: boolean
  /** Says why it cannot be measured here; what is undefined can be. */
  readonly missing?: () => string | undefined
  /** `progress` tells somebody who waits what has been found so far. */
  readonly measure: (progress: (text: string) => void) => Promise<Measured>
}

export interface Measured {
  readonly value: number
  readonly floor?: number
}

export function figureOf(unit: string, { value, floor }: Measured): Figure {
  return {
    value: rounded(value),
    unit,
    floor: floor === undefined ? null : rounded(floor),
    ratio: floor === undefined ? null : rounded(value / floor),
  }
}

export function meets({ value, ratio }: Figure, target: Target): boolean {
  if ('valueAtMost' in target) return value <= target.valueAtMost
  if (ratio === null) return false
  return 'ratioAtMost' in target ? ratio <= target.ratioAtMost : ratio >= target.ratioAtLeast
}

export function describeTarget(target: Target, unit: string): string {
  if ('valueAtMost' in target) return `at most ${target.valueAtMost} ${unit}`
  return 'ratioAtMost' in target
    ? `ratio at most ${target.ratioAtMost}`
    : `ratio at least ${target.ratioAtLeast}`
}

/** Three digits are more than any of these can be repeated to. */
function rounded(value: number): number {
  return Number(value.toPrecision(3))
}
