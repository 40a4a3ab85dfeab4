/** A stage of a workflow in TypeScript. Light: what checks it is loaded where workflows are. */
import type { StageInput, StageOptions } from './input.ts'

/** A stage by its id: `stage('test', { run: 'npm test', needs: 'implement' })`. */
export function stage(id: string, options: StageOptions): StageInput {
  return { ...options, id }
}
