/** Files of other systems in our form, for whoever moves. */
import { resolve } from 'node:path'
import { translateWorkflow } from '../loading/workflow-files.ts'
import type { WorkflowExport } from './workflow-contract.ts'

/** The text of the workflow in a file; nothing is written. */
export async function exportTranslated(dir: string, path: string): Promise<WorkflowExport> {
  return { ...(await translateWorkflow(resolve(dir, path))), written: [], kept: [] }
}
