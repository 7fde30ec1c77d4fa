import { type FieldError, invalidValue, requiredValue, unsupportedValue } from './api-error.ts';
import { CLASS_CONFIG, CUSTOM, GATEWAY, GATEWAY_CLASS, HTTP_ROUTE, IP_POOL } from './custom-strategies.ts';
import {
  ensureObject,
  isObject,
  type Json,
  type JsonObject,
  type KubeObject,
  listAt,
  objectAt,
  objectsAt,
  stringAt,
} from './json.ts';
import { dropIpModes, loadBalancerErrors } from './load-balancer-status.ts';
import { SERVICE_STRATEGY } from './services.ts';
import type { Strategy } from './strategy.ts';
import { assertMicroTime, wholeSeconds } from './times.ts';

const NODE: Strategy = {
  decode(node) {
    const spec = ensureObject(node, 'spec');
    for (const taint of objectsAt(spec, 'taints')) {
      if (taint.value === '') {
        delete taint.value;
      }
    }
    if (listAt(spec, 'taints').length === 0) {
      delete spec.taints;
    }
  },
  validate: (node) => objectsAt(node, 'spec', 'taints').flatMap((taint, index) => taintErrors(taint, index, node)),
};

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** The real server says `metadata.taints` too. */
function taintErrors(taint: JsonObject, index: number, node: KubeObject): FieldError[] {
  const path = `metadata.taints[${index}]`;
  const effect = stringAt(taint, 'effect');
  const errors: FieldError[] = [];
  if (stringAt(taint, 'key') === '') {
    errors.push(invalidValue(`${path}.key`, '', 'name part must be non-empty'));
  }
  if (effect === '') {
    errors.push(requiredValue(`${path}.effect`, ''));
  } else if (!TAINT_EFFECTS.includes(effect)) {
    errors.push(unsupportedValue(`${path}.effect`, effect, TAINT_EFFECTS));
  }
  const same = (other: JsonObject): boolean => other.key === taint.key && other.effect === taint.effect;
  if (objectsAt(node, 'spec', 'taints').findIndex(same) < index) {
    const message = 'Duplicate value: taints must be unique by key and effect pair';
    errors.push({ field: path, reason: 'FieldValueDuplicate', message });
  }
  return errors;
}

const POD: Strategy = {
  decode(pod) {
    const spec = ensureObject(pod, 'spec');
    spec.restartPolicy ??= 'Always';
    spec.terminationGracePeriodSeconds ??= 30;
    spec.dnsPolicy ??= 'ClusterFirst';
    spec.schedulerName ??= 'default-scheduler';
    spec.enableServiceLinks ??= true;
    spec.securityContext ??= {};
    for (const container of objectsAt(spec, 'containers')) {
      container.imagePullPolicy ??= 'IfNotPresent';
      container.terminationMessagePath ??= '/dev/termination-log';
      container.terminationMessagePolicy ??= 'File';
      container.resources ??= {};
    }
  },
  prepareCreate(pod) {
    pod.status = { phase: 'Pending', qosClass: 'BestEffort' };
  },
  validate: (pod) => (listAt(pod, 'spec', 'containers').length === 0 ? [requiredValue('spec.containers', '')] : []),
};

const NAMESPACE: Strategy = {
  decode(namespace) {
    ensureObject(namespace.metadata, 'labels')['kubernetes.io/metadata.name'] = namespace.metadata.name;
  },
  prepareCreate(namespace) {
    namespace.spec = { finalizers: ['kubernetes'] };
    namespace.status = { phase: 'Active' };
  },
};

const LEASE: Strategy = {
  decode(lease) {
    for (const member of ['acquireTime', 'renewTime']) {
      assertMicroTime(objectAt(lease, 'spec')[member]);
    }
  },
  validate(lease) {
    const seconds = objectAt(lease, 'spec').leaseDurationSeconds;
    const bad = typeof seconds === 'number' && seconds <= 0;
    return bad ? [invalidValue('spec.leaseDurationSeconds', seconds, 'must be greater than 0')] : [];
  },
};

const EVENT: Strategy = {
  decode(event) {
    assertMicroTime(event.eventTime);
    assertMicroTime(objectAt(event, 'series').lastObservedTime);
    for (const member of ['firstTimestamp', 'lastTimestamp']) {
      event[member] = wholeSeconds(event[member]);
    }
    event.eventTime ??= null;
    event.source ??= {};
    event.reportingComponent ??= '';
    event.reportingInstance ??= '';
  },
  validate: eventErrors,
};

function eventErrors(event: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  const namespace = stringAt(event, 'involvedObject', 'namespace');
  const fits = namespace === '' ? event.metadata.namespace === 'default' : namespace === event.metadata.namespace;
  if (!fits) {
    errors.push(invalidValue('involvedObject.namespace', namespace, 'does not match event.namespace'));
  }
  if (typeof event.eventTime !== 'string') {
    return errors;
  }
  for (const member of ['reportingComponent', 'reportingInstance', 'action', 'reason']) {
    if (stringAt(event, member) === '') {
      errors.push(requiredValue(member, ''));
    }
  }
  if (stringAt(event, 'message').length > 1024) {
    errors.push(invalidValue('message', '', 'can have at most 1024 characters'));
  }
  return errors;
}

const INGRESS: Strategy = {
  decode(ingress) {
    const loadBalancer = ensureObject(ensureObject(ingress, 'status'), 'loadBalancer');
    if (listAt(loadBalancer, 'ingress').length === 0) {
      delete loadBalancer.ingress;
    }
    dropIpModes(loadBalancer);
  },
  prepareCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  validateStatus(ingress) {
    const entries = objectsAt(ingress, 'status', 'loadBalancer', 'ingress');
    return loadBalancerErrors(entries, 'status.loadBalancer.ingress');
  },
};

const ENDPOINT_SLICE: Strategy = {
  decode(slice) {
    for (const endpoint of objectsAt(slice, 'endpoints')) {
      endpoint.conditions ??= {};
    }
    for (const port of objectsAt(slice, 'ports')) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
  },
};

const WORKLOAD: Strategy = {
  prepareCreate(workload) {
    const daemonSet = workload.kind === 'DaemonSet';
    workload.status = daemonSet
      ? { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 }
      : {};
  },
};

/** With the defaults without which `kubectl describe` breaks down. */
const DEPLOYMENT: Strategy = {
  ...WORKLOAD,
  decode(deployment) {
    const spec = ensureObject(deployment, 'spec');
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    spec.strategy ??= { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } };
  },
};

const CRD: Strategy = {
  prepareCreate(crd, env) {
    const names = objectAt(crd, 'spec', 'names');
    const condition = (type: string, reason: string): Json => ({
      type,
      status: 'True',
      reason,
      message: '',
      lastTransitionTime: env.timestamp(),
    });
    crd.status = {
      acceptedNames: { ...names },
      conditions: [condition('NamesAccepted', 'NoConflicts'), condition('Established', 'InitialNamesAccepted')],
      storedVersions: objectsAt(crd, 'spec', 'versions').map((version) => stringAt(version, 'name')),
    };
  },
};

const STRATEGIES: Readonly<Record<string, Strategy>> = {
  services: SERVICE_STRATEGY,
  nodes: NODE,
  pods: POD,
  namespaces: NAMESPACE,
  events: EVENT,
  'leases.coordination.k8s.io': LEASE,
  'ingresses.networking.k8s.io': INGRESS,
  'endpointslices.discovery.k8s.io': ENDPOINT_SLICE,
  'daemonsets.apps': WORKLOAD,
  'deployments.apps': DEPLOYMENT,
  'customresourcedefinitions.apiextensions.k8s.io': CRD,
  'gateways.gateway.networking.k8s.io': GATEWAY,
  'gatewayclasses.gateway.networking.k8s.io': GATEWAY_CLASS,
  'httproutes.gateway.networking.k8s.io': HTTP_ROUTE,
  'ciliumloadbalancerippools.cilium.io': IP_POOL,
  'ciliumgatewayclassconfigs.cilium.io': CLASS_CONFIG,
};

const NOTHING_SPECIAL: Strategy = {};

/** What is special about a kind, by its key. */
export function strategyOf(key: string, customWithStatus: boolean): Strategy {
  return STRATEGIES[key] ?? (customWithStatus ? CUSTOM : NOTHING_SPECIAL);
}

/** Built-in kinds never store nulls: decoding into Go drops them. Custom ones keep what they get. */
export function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(withoutNulls);
  }
  if (!isObject(value)) {
    return value;
  }
  const kept: JsonObject = {};
  for (const [key, item] of Object.entries(value)) {
    if (item !== null && item !== undefined) {
      kept[key] = withoutNulls(item);
    }
  }
  return kept;
}
