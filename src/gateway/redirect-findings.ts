import { ENVOY_CONFIGS, SERVICES } from '../kube/resources.ts';
import { describeTarget, finding, targetOf } from '../plan/make.ts';
import type { Finding } from '../plan/plan.types.ts';
import type { EnvoyConfigModel } from './models/envoy-config.ts';
import type { ServiceModel } from './models/service.ts';
import { describePort, type PortPair } from './ports.ts';
import type { Subject } from './subjects.ts';

/** Why an entrypoint is not sent straight to Envoy, or only as long as nothing changes. */

function redirectFinding(reason: string, entrypoint: ServiceModel, message: string, fix: string): Finding {
  return finding('redirect', 'warn', { reason, target: targetOf(SERVICES, entrypoint.meta), message, fix });
}

export function notServed(subject: Subject, entrypoint: ServiceModel): Finding {
  return redirectFinding(
    'EnvoyConfigNotServed',
    entrypoint,
    `The entrypoint of ${subject.key} cannot be sent straight to Envoy: the API server does not know CiliumEnvoyConfig.`,
    "Switch it on in Cilium's Helm values: envoyConfig.enabled=true (gatewayAPI.enabled=true does it, too), and restart cilium-operator.",
  );
}

export function unreadable(entrypoint: ServiceModel, why: string): Finding {
  return finding('redirect', 'unknown', {
    reason: 'EnvoyConfigNotReadable',
    target: targetOf(SERVICES, entrypoint.meta),
    message: `CiliumEnvoyConfigs could not be read, so the redirect stays as it is: ${why}.`,
    fix: 'Allow list and watch of ciliumenvoyconfigs.cilium.io, as the chart does.',
  });
}

export function foreignConfig(entrypoint: ServiceModel, config: EnvoyConfigModel): Finding {
  const { namespace, name } = config.meta;
  return finding('redirect', 'fail', {
    reason: 'ForeignEnvoyConfig',
    target: targetOf(ENVOY_CONFIGS, config.meta),
    message: `CiliumEnvoyConfig ${namespace}/${name}, which is not ours, stands in the way of the redirect of Service ${entrypoint.meta.namespace}/${entrypoint.meta.name}; it is left alone.`,
    fix: `Remove it, if nothing needs it (kubectl -n ${namespace} delete ciliumenvoyconfig ${name}); or choose node-port for this entrypoint.`,
  });
}

/** @param missing the ports that no entry of the Gateway's own CiliumEnvoyConfig has; absent: there is none at all */
export function noSource(
  subject: Subject,
  service: ServiceModel,
  entrypoint: ServiceModel,
  missing: readonly PortPair[] = [],
): Finding {
  const ports = missing.map(({ gateway }) => describePort(gateway)).join(', ');
  return redirectFinding(
    'NoSourceEnvoyConfig',
    entrypoint,
    `The entrypoint of ${subject.key} cannot be sent straight to Envoy: no CiliumEnvoyConfig names ${ports === '' ? '' : `port ${ports} of `}Service ${service.meta.namespace}/${service.meta.name}.`,
    'Cilium makes it with the first valid listener or route; see: kubectl -n kube-system logs deploy/cilium-operator',
  );
}

export function hostListener(subject: Subject, entrypoint: ServiceModel, source: EnvoyConfigModel): Finding {
  return redirectFinding(
    'SourceHasHostListener',
    entrypoint,
    `The entrypoint of ${subject.key} is not sent to Envoy by a redirect: Envoy listens on the nodes themselves (CiliumEnvoyConfig ${source.meta.namespace}/${source.meta.name}).`,
    'Choose the exposure host-network for this entrypoint.',
  );
}

export function sessionAffinity(subject: Subject, entrypoint: ServiceModel): Finding {
  const { namespace, name } = entrypoint.meta;
  return redirectFinding(
    'SessionAffinityForbidsRedirect',
    entrypoint,
    `The entrypoint of ${subject.key} has sessionAffinity: ClientIP, with which Cilium rejects a redirected Service.`,
    `kubectl -n ${namespace} patch service ${name} --type=merge -p '{"spec":{"sessionAffinity":"None"}}'`,
  );
}

/** The copy that serves is older than its source, and nobody renews it. */
export function staleCopy(subject: Subject, entrypoint: ServiceModel, copy: EnvoyConfigModel): Finding {
  return finding('redirect', 'warn', {
    reason: 'RedirectCopyStale',
    target: targetOf(ENVOY_CONFIGS, copy.meta),
    message: `The entrypoint of ${subject.key} is sent to Envoy by a copy that is older than the Gateway's configuration: it answers by old routes.`,
    fix: 'Run the controller, which follows every change; or bring the copy up to date once with --once --allow-static-redirect.',
    evidence: { entrypoint: describeTarget(targetOf(SERVICES, entrypoint.meta)) },
  });
}

/** The copy is right, and nobody follows what comes. */
export function staticCopy(subject: Subject, entrypoint: ServiceModel): Finding {
  return redirectFinding(
    'RedirectCopyStatic',
    entrypoint,
    `The redirect of the entrypoint of ${subject.key} stays as it is when this command ends: endpoints and certificates are followed by Cilium, but a route, listener or backend Service that changes later is answered as it was before.`,
    'Run the controller, which follows every change; or run --once --allow-static-redirect again after each.',
  );
}
