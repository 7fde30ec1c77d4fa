import { GATEWAY_CONTROLLER } from '../cilium/names.ts';
import { formatVersion } from '../cilium/version.ts';
import { loadBalancerOf } from '../gateway/load-balancers.ts';
import { findOtherOwner, otherOwnerFinding } from '../gateway/other-owners.ts';
import { isPaused } from '../gateway/paused.ts';
import { NOT_PROGRAMMED } from '../gateway/programmed.ts';
import { GATEWAY_CLASSES, GATEWAYS, SERVICES } from '../kube/resources.ts';
import { suggest } from '../lib/suggest.ts';
import { describeTarget, finding, targetOf } from '../plan/make.ts';
import type { Finding, Target } from '../plan/plan.types.ts';
import { entrypointAddressKnown } from './address-known.ts';
import type { ClassFacts } from './facts.ts';
import type { MigrationInput } from './plan.ts';
import type { Stage } from './steps.ts';

const CHECK = 'migrate';

/** The class to move to, or why there is none. */
export function chooseClass(input: MigrationInput): {
  readonly to: ClassFacts | undefined;
  readonly refusals: readonly Finding[];
} {
  const { classes, toClass, gateway, config, observation } = input;
  const target = targetOf(GATEWAYS, gateway.meta);
  const version = observation.ciliumVersion;
  const ours = config.gateway.loadBalancerClass;
  const tooOld = version !== undefined && version.major === 1 && version.minor < 18;
  if (tooOld || !input.configsServed) {
    return no('CiliumTooOld', target, {
      message: `${tooOld ? `Cilium ${formatVersion(version)}` : 'This Cilium'} has no CiliumGatewayClassConfig, so no GatewayClass can give its Services a loadBalancerClass.`,
      fix: 'Upgrade Cilium to 1.18.1 or newer first.',
    });
  }
  if (toClass !== undefined) {
    const named = classes.find(({ name }) => name === toClass);
    return named === undefined
      ? no('GatewayClassMissing', target, noSuch(toClass, classes))
      : check(named, target, input);
  }
  const fitting = classes.filter(
    ({ controllerName, service }) => controllerName === GATEWAY_CONTROLLER && service?.loadBalancerClass === ours,
  );
  const present = fitting.find(({ name }) => name === gateway.className);
  const [first, ...more] = present === undefined ? fitting : [present];
  if (first === undefined) {
    return no(
      'GatewayClassMissing',
      target,
      missing(`No GatewayClass gives its Services the loadBalancerClass ${ours}.`),
    );
  }
  if (more.length > 0) {
    const names = fitting.map(({ name }) => name).join(', ');
    return no('GatewayClassAmbiguous', target, {
      message: `Several GatewayClasses give their Services the loadBalancerClass ${ours}: ${names}.`,
      fix: `Name one: --to-class ${first.name}`,
    });
  }
  return check(first, target, input);
}

function noSuch(name: string, classes: readonly ClassFacts[]): { readonly message: string; readonly fix: string } {
  const names = classes.map((one) => one.name).toSorted();
  const near = suggest(name, names);
  return {
    message: `GatewayClass ${name} is not there. ${names.length === 0 ? 'There is none' : `There are: ${names.join(', ')}`}.`,
    fix:
      near === undefined ? 'Name one of them with --to-class, or make that one.' : `Did you mean --to-class ${near}?`,
  };
}

function missing(message: string): { message: string; fix: string } {
  return {
    message,
    fix: "Make one: with gatewayClass.create=true in the chart's values, or from the manifest at the end of this report.",
  };
}

/** Whether Gateways of that class can be served here. */
function check(to: ClassFacts, gateway: Target, { config }: MigrationInput): ReturnType<typeof chooseClass> {
  const target: Target = { ...targetOf(GATEWAY_CLASSES, { ...NO_META, name: to.name }) };
  const { service } = to;
  if (to.controllerName !== GATEWAY_CONTROLLER) {
    return no('GatewayClassNotFit', target, {
      message: `GatewayClass ${to.name} is served by ${to.controllerName}, not by Cilium: ${describeTarget(gateway)} would stop answering.`,
      fix: 'Choose a GatewayClass of Cilium with --to-class.',
    });
  }
  if (service === undefined) {
    return no('GatewayClassNotFit', target, {
      message: `The parameters that GatewayClass ${to.name} names are not there, or no CiliumGatewayClassConfig.`,
      fix: `See spec.parametersRef: kubectl get gatewayclass ${to.name} -o yaml`,
    });
  }
  if (service.loadBalancerClass !== '' && service.loadBalancerClass !== config.gateway.loadBalancerClass) {
    return no('ForeignLoadBalancerClass', target, {
      message: `GatewayClass ${to.name} gives its Services the loadBalancerClass ${service.loadBalancerClass}, which another controller serves; ours is ${config.gateway.loadBalancerClass}.`,
      fix: 'Choose another class with --to-class; or, if that class is meant for this program, name it in gateway.loadBalancerClass of the configuration.',
    });
  }
  if (service.type !== 'LoadBalancer' || !service.nodePorts) {
    return no('GatewayClassNotFit', target, {
      message: `GatewayClass ${to.name} makes Services ${service.type === 'LoadBalancer' ? 'without NodePorts' : `of type ${service.type}`}: no entrypoint could lead there.`,
      fix: 'Let its CiliumGatewayClassConfig say type: LoadBalancer, without allocateLoadBalancerNodePorts: false.',
    });
  }
  if (!to.accepted) {
    return no('GatewayClassNotFit', target, {
      message: `Cilium has not accepted GatewayClass ${to.name}.`,
      fix: `See why: kubectl describe gatewayclass ${to.name}`,
    });
  }
  return { to, refusals: [] };
}

/** What would go wrong. Once the old Service is gone, going on is always better than stopping: nothing is refused then. */
export function refusalsOf(stage: Stage, to: ClassFacts, input: MigrationInput): readonly Finding[] {
  if (stage !== 'switch-class' && stage !== 'await-class' && stage !== 'recreate-service') return [];
  const { gateway, state, observation, config, look } = input;
  const subject = state?.subject;
  const service = subject?.service;
  const target = targetOf(GATEWAYS, gateway.meta);
  const name = describeTarget(target);
  const found: Finding[] = [];
  const refuse = (reason: string, parts: { readonly message: string; readonly fix: string }, on = target): void => {
    found.push(...no(reason, on, parts).refusals);
  };
  if (config.readOnly) {
    refuse('ReadOnly', { message: 'The configuration says readOnly.', fix: 'Take readOnly out of the configuration.' });
  }
  const { entrypoint } = state ?? {};
  for (const [meta, resource] of [
    [gateway.meta, GATEWAYS],
    [entrypoint?.meta, SERVICES],
  ] as const) {
    if (meta === undefined || !isPaused(meta, resource, [])) continue;
    const on = targetOf(resource, meta);
    const fix = `kubectl -n ${meta.namespace} annotate ${resource.kind.toLowerCase()} ${meta.name} cilium-cloud-bridge.io/paused-`;
    refuse('Paused', { message: `${describeTarget(on)} is paused.`, fix }, on);
  }
  if (stage === 'switch-class' && gateway.gitOps !== undefined) {
    refuse('ManagedByGitOps', {
      message: `${name} is kept as a repository has it, by ${gateway.gitOps}: a class that is changed here would be set back.`,
      fix: `Change spec.gatewayClassName to ${to.name} there, let it be synced, and run this command again: it does the rest.`,
    });
  }
  if (service === undefined) {
    refuse('GatewayServiceMissing', {
      message: `Cilium has made no Service for ${name}.`,
      fix: 'Run doctor: it says why.',
    });
    return found;
  }
  const onService = targetOf(SERVICES, service.meta);
  if (service.type !== 'LoadBalancer' || subject?.hostNetwork === true) {
    refuse(
      'GatewayServiceNotLoadBalancer',
      {
        message: `The Service of ${name} is of type ${service.type}${subject?.hostNetwork === true ? ", since Envoy listens on the nodes' network" : ''}: a loadBalancerClass means nothing there.`,
        fix: 'There is nothing to move.',
      },
      onService,
    );
  }
  const ours = config.gateway.loadBalancerClass;
  if (service.loadBalancerClass !== '' && service.loadBalancerClass !== ours) {
    refuse(
      'ForeignLoadBalancerClass',
      {
        message: `The Service of ${name} has the loadBalancerClass ${service.loadBalancerClass}: another controller serves it, and would take its load balancer away with the Service.`,
        fix: 'Make a second Gateway of the new class, and move clients to it.',
      },
      onService,
    );
  }
  if (!gateway.programmed && !input.force) {
    refuse(NOT_PROGRAMMED, {
      message: `${name} is not Programmed now: whether the move works could not be told afterwards.`,
      fix: 'Run doctor, and mend what it finds; or, where a second writer is the cause that the move is to end, add --force.',
    });
  }
  if (!entrypointAddressKnown(state, config)) {
    const known = look.findings.find(
      ({ check: id, verdict, target: on }) => id === 'entrypoint' && verdict === 'fail' && on?.uid === target.uid,
    );
    if (known !== undefined) found.push({ ...known, check: CHECK });
    else {
      refuse('NoEntrypoint', {
        message: `Nothing gives the new Service of ${name} an address: no entrypoint with one, and none in gateway.addresses.`,
        fix: `Name the entrypoint: kubectl annotate service <entrypoint> cilium-cloud-bridge.io/gateway=${gateway.meta.namespace}/${gateway.meta.name}   (or --adopt auto)`,
      });
    }
  }
  found.push(...sharing(input, name).map((one) => ({ ...one, check: CHECK })));
  const owner =
    subject &&
    findOtherOwner(
      { ...subject, service: { ...service, loadBalancerClass: to.service?.loadBalancerClass ?? '' } },
      observation,
      config.gateway,
    );
  if (subject !== undefined && owner !== undefined) found.push({ ...otherOwnerFinding(subject, owner), check: CHECK });
  found.push(
    ...look.findings
      .filter(({ check: id, verdict }) => id === 'ip-mode' && verdict === 'fail')
      .filter((one) => one.target?.uid === service.meta.uid),
  );
  return found;
}

/** A load balancer that others use, too, and that the move would disturb. */
function sharing({ state, observation, look }: MigrationInput, name: string): readonly Finding[] {
  const service = state?.subject.service;
  if (service === undefined) return [];
  const taken = look.findings.filter(
    ({ reason, target }) => reason === 'LoadBalancerPortTaken' && target?.uid === state?.entrypoint?.meta.uid,
  );
  const id = loadBalancerOf(service)?.id;
  const others =
    id === undefined
      ? []
      : observation.services.items.filter((one) => one.meta.uid !== service.meta.uid && loadBalancerOf(one)?.id === id);
  if (others.length === 0) return taken;
  const names = others.map(({ meta }) => `${meta.namespace}/${meta.name}`).join(', ');
  return [
    ...taken,
    ...no('LoadBalancerShared', targetOf(SERVICES, service.meta), {
      message: `The Service of ${name} itself names load balancer ${id}, which ${names} ${others.length === 1 ? 'uses' : 'use'}, too: when it is deleted, the cloud controller may take listeners of that load balancer away.`,
      fix: `Take the cloud's annotations off the Gateway (spec.infrastructure.annotations) and off the Service, wait until the cloud controller has let go, and run this command again.`,
    }).refusals,
  ];
}

const NO_META = {
  namespace: '',
  name: '',
  uid: '',
  resourceVersion: '',
  generation: 0,
  creationTimestamp: '',
  deleting: false,
  labels: {},
  annotations: {},
  owners: [],
};

function no(
  reason: string,
  target: Target,
  parts: { readonly message: string; readonly fix: string },
): { readonly to: undefined; readonly refusals: readonly Finding[] } {
  return { to: undefined, refusals: [finding(CHECK, 'fail', { reason, target, ...parts })] };
}
