/** A database of the floor, with a team. */
export interface Floor {
  /** One durable message that nobody runs: its event and its row, one commit. */
  post(agent: string, prompt: string): void
  /** One message from prompt to answer: three commits. */
  ask(agent: string, prompt: string, answer: string): void
  /** What a pragma answers on the connection that is measured. */
  pragma(name: string): unknown
  close(): void
}

/** @param path of a file that does not exist */
export function openFloor(
  path: string,
  team: { readonly agents: readonly string[]; readonly cwd: string },
): Floor

/** Ends processes by their pids, and waits until they have gone. */
export function killKnown(pids: readonly number[]): void
