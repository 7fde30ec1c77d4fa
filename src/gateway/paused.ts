import type { Resource } from '../kube/resources.ts';
import type { Meta } from '../kube/types.ts';
import type { Finding } from '../plan/plan.types.ts';
import * as annotations from './annotations.ts';
import { malformedAnnotation } from './claims.ts';

/** Whether the user paused an object (design §6). What cannot be understood pauses, to be safe, with a finding. */
export function isPaused(meta: Meta, resource: Resource, findings: Finding[]): boolean {
  const text = meta.annotations[annotations.PAUSED];
  if (text === undefined) return false;
  const parsed = annotations.parseFlag(text);
  if (!parsed.ok) findings.push(malformedAnnotation(meta, annotations.PAUSED, parsed, resource));
  return !parsed.ok || parsed.value;
}
