/** What users test their own programs, stores and backends with. */
export { scriptedBackend, type ScriptedBackend, type ScriptedOptions } from '../agent-backends/scripted.ts'
export { ManualClock } from '../time/manual-clock.ts'
export { openMemoryStore } from '../stores/memory.ts'
export { projection } from '../projection.ts'
export { projectedRows, replay, type ProjectedRows } from './replay.ts'
export { describeStore, type StoreHarness, type StoreOpening, type StorePlace } from './store-conformance.ts'
export { backendCases, type BackendCase, type SkippedCases } from './backend-conformance.ts'
export type { BackendHarness } from './backend-bench.ts'
export { workspaceCases, type WorkspaceCase } from './workspace-conformance.ts'
export type { WorkspaceHarness } from './workspace-bench.ts'
export { startModelServer, type ModelServer } from '../model-server/server.ts'
export type { ModelServerOptions } from '../model-server/scripted-model.ts'
export type { ModelRequest, RequestEnd, RequestMatch } from '../model-server/request-log.ts'
export type {
  Fault,
  Moment,
  Quota,
  Refusal,
  Scenario,
  Scenarios,
  Step,
  StopReason,
  ToolCall,
  UsageLimit,
} from '../model-server/scenario.ts'
