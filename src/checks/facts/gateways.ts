import type { SubjectState } from '../../gateway/plan-subject.types.ts';
import type { DoctorWorld } from '../world.types.ts';
import { subjectsOf } from './gateway-plan.ts';

/** Gateways of Cilium's classes, with what stands for them. */
export function gatewaysOf(world: DoctorWorld): readonly SubjectState[] {
  return subjectsOf(world).filter(({ subject }) => subject.kind === 'Gateway' && !subject.meta.deleting);
}

export const NO_GATEWAYS = "There is no Gateway of one of Cilium's classes.";
