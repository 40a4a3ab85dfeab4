/** A board of the floor. */
export interface BoardFloor {
  /** Takes the next item: one commit. Undefined if none is ready. */
  claim(): string | undefined
  /** Says that work on a claimed item has begun: one commit. */
  start(id: string): void
  /** Settles a claimed item, and makes ready what waited only for it: one commit. */
  complete(id: string): void
  close(): void
}

/** @param path of a file that does not exist */
export function openBoardFloor(
  path: string,
  items: readonly { readonly id: string; readonly dependsOn: readonly string[] }[],
): BoardFloor
