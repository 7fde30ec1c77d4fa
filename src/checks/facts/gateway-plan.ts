import { readSettings } from '../../cilium/settings.ts';
import { assembleObservation } from '../../gateway/observe.ts';
import { type GatewayPlan, planGateways } from '../../gateway/plan.ts';
import type { SubjectState } from '../../gateway/plan-subject.types.ts';
import type { CopyPolicy } from '../../gateway/redirect.ts';
import { isCopy } from '../../gateway/redirect-copy.ts';
import { describeTarget } from '../../plan/make.ts';
import type { Finding } from '../../plan/plan.types.ts';
import type { DoctorWorld } from '../world.types.ts';

const plans = new WeakMap<DoctorWorld, GatewayPlan>();

/**
 * What the controller would do about this world's Gateways and Ingresses, and what it finds: the same planning, made
 * once a world. Nothing of it is carried out.
 */
function gatewayPlanOf(world: DoctorWorld): GatewayPlan {
  const known = plans.get(world);
  if (known !== undefined) return known;
  const { kube, config } = world;
  const observation = assembleObservation(
    {
      ...kube,
      pools: kube.lbPools,
      ciliumPods: {
        ...kube.pods,
        items: kube.pods.items.filter(({ meta }) => /^cilium(?:-envoy)?$/.test(meta.labels['k8s-app'] ?? '')),
      },
      daemonSets: {
        ...kube.daemonSets,
        items: kube.daemonSets.items.filter(({ meta }) => meta.labels['k8s-app'] === 'cilium'),
      },
      ciliumConfig: {
        ...kube.ciliumConfig,
        items: kube.ciliumConfig.items.map(({ meta, data }) => ({ meta, settings: readSettings(data) })),
      },
    },
    kube.ciliumNamespace,
    { ipModeStored: 'unasked', unwantedForMs: new Map(), refusedPins: new Set() },
  );
  const plan = planGateways(observation, config.gateway, copyPolicyOf(world));
  plans.set(world, plan);
  return plan;
}

/** Gateways and Ingresses with their entrypoints, exposures and addresses. */
export function subjectsOf(world: DoctorWorld): readonly SubjectState[] {
  return gatewayPlanOf(world).subjects;
}

/** What planning found, by reason, as findings of a check. */
export function planFindings(world: DoctorWorld, check: string, reasons: readonly string[]): Finding[] {
  return gatewayPlanOf(world)
    .findings.filter(({ reason }) => reasons.includes(reason))
    .map((found) => ({ ...found, check, evidence: evidenceOf(found) }));
}

/** Planning leaves the evidence out where the object says it all. */
function evidenceOf({ evidence, target }: Finding): Finding['evidence'] {
  return Object.keys(evidence).length > 0 || target === undefined ? evidence : { object: describeTarget(target) };
}

/** Copies are followed while a controller of ours holds its Lease. */
function copyPolicyOf({ kube, now }: DoctorWorld): CopyPolicy {
  const isLive = kube.leases.items.some(
    ({ holder, renewTime, seconds }) => holder !== '' && Date.parse(renewTime) + 2 * seconds * 1000 > now,
  );
  if (isLive) return 'followed';
  // Files need not hold Leases: who made a copy followed it.
  return !kube.leases.complete && kube.envoyConfigs.items.some(isCopy) ? 'followed' : 'frozen';
}
