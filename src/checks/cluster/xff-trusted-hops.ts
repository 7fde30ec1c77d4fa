import { readBoolean } from '../../cilium/settings.ts';
import type { ServiceModel } from '../../gateway/models/service.ts';
import { loadBalancerIdOf } from '../cloud-questions.ts';
import { defineCheck } from '../define.ts';
import { PAGES } from '../doc-pages.ts';
import { configTarget, readCilium, restartCommand } from '../facts/cilium.ts';
import { gatewaysOf, NO_GATEWAYS } from '../facts/gateways.ts';
import { namesOf } from '../facts/names.ts';
import { answerOf } from '../facts/network.ts';
import type { DoctorWorld } from '../world.types.ts';

/** Annotations by which listeners speak HTTP themselves, or send the PROXY protocol. */
const LAYER_7 = ['kubernetes.io/elb.protocol-port', 'service.cloud.tencent.com/specify-protocol'];
const PROXY_PROTOCOL = /proxy-protocol/i;

export const xffTrustedHops = defineCheck({
  id: 'xff-trusted-hops',
  section: 'cluster',
  link: 'Envoy',
  title: 'Clients cannot forge their address, and Envoy understands the load balancer',
  looksAt:
    '`gateway-api-xff-num-trusted-hops` and `enable-gateway-api-proxy-protocol` of cilium-config, listeners and annotations of the entrypoints',
  docs: PAGES.gatewayApi,
  needs: ['ciliumConfig', 'services', 'gateways', 'gatewayClasses'],
  reasons: {
    ClientAddressForgeable: 'Envoy trusts X-Forwarded-For of a client, because no proxy of layer 7 stands before it.',
    ProxyProtocolOneSided: 'Envoy takes only connections with the PROXY protocol, and the load balancer sends none.',
    ProxyProtocolNotUnderstood: 'The load balancer sends the PROXY protocol, and Envoy does not understand it.',
  },
  run(world, say) {
    const { kube } = world;
    const cilium = readCilium(kube);
    const gateways = gatewaysOf(world);
    if (cilium === undefined || gateways.length === 0) return [say.notApplicable(NO_GATEWAYS)];
    const hops = Number((cilium.data['gateway-api-xff-num-trusted-hops'] ?? '0').trim()) || 0;
    const target = configTarget(kube);
    const findings = [];
    if (hops > proxiesBefore(world)) {
      findings.push(
        say.fail('ClientAddressForgeable', {
          target,
          message: `gateway-api-xff-num-trusted-hops is ${hops}, and the load balancer works on layer 4, so nobody before Envoy writes X-Forwarded-For: any client can name any address as its own.`,
          fix: `Trust nobody, in Cilium's Helm values: gatewayAPI.xffNumTrustedHops=0; then: ${restartCommand(kube)}`,
          evidence: { 'gateway-api-xff-num-trusted-hops': String(hops), proxiesBeforeEnvoy: proxiesBefore(world) },
        }),
      );
    }
    const wantsProxy = readBoolean(cilium.data['enable-gateway-api-proxy-protocol']) === true;
    const entrypoints = gateways.flatMap(({ entrypoint }) => entrypoint ?? []);
    const unlike = entrypoints.filter((entrypoint) => (sendsProxy(world, entrypoint) ?? false) !== wantsProxy);
    const names = namesOf(unlike);
    if (unlike.length > 0 && wantsProxy) {
      findings.push(
        say.warn('ProxyProtocolOneSided', {
          target,
          message: `enable-gateway-api-proxy-protocol is on: Envoy takes only connections that begin with the PROXY protocol, and the load balancer of ${names} is not known to send it.`,
          fix: `Switch it off, in Cilium's Helm values: gatewayAPI.enableProxyProtocol=false; then: ${restartCommand(kube)}   Or let each listener of the load balancer send it.`,
          evidence: { 'enable-gateway-api-proxy-protocol': 'true', entrypoints: unlike.map(({ meta }) => meta.name) },
        }),
      );
    }
    if (unlike.length > 0 && !wantsProxy) {
      findings.push(
        say.fail('ProxyProtocolNotUnderstood', {
          target,
          message: `The load balancer of ${names} begins each connection with the PROXY protocol, and enable-gateway-api-proxy-protocol is off: Envoy takes it for a broken request, and answers 400 or closes.`,
          fix: `Switch it on, in Cilium's Helm values: gatewayAPI.enableProxyProtocol=true (then every listener of every Gateway must send it); then: ${restartCommand(kube)}   Or switch it off at the load balancer.`,
          evidence: { 'enable-gateway-api-proxy-protocol': 'false', entrypoints: unlike.map(({ meta }) => meta.name) },
        }),
      );
    }
    return findings.length > 0
      ? findings
      : [say.pass(`${hops} trusted hops, and the PROXY protocol is ${wantsProxy ? 'on at both sides' : 'off'}.`)];
  },
});

/** Whether the load balancer of an entrypoint sends the PROXY protocol; undefined: nothing says so. */
function sendsProxy({ cloud }: DoctorWorld, entrypoint: Pick<ServiceModel, 'meta'>): boolean | undefined {
  const id = loadBalancerIdOf(entrypoint);
  const listeners = answerOf(id === undefined ? undefined : cloud.loadBalancers.get(id)?.listeners) ?? [];
  const told = listeners.flatMap(({ proxyProtocol }) => proxyProtocol ?? []);
  const annotated = Object.entries(entrypoint.meta.annotations).filter(([key]) => PROXY_PROTOCOL.test(key));
  if (told.includes(true) || annotated.some(([, value]) => !/^(?:false|off|0|)$/i.test(value))) return true;
  return told.length > 0 || annotated.length > 0 ? false : undefined;
}

/** How many proxies of layer 7 surely stand before Envoy: 1 where every load balancer is one. */
function proxiesBefore(world: DoctorWorld): number {
  const entrypoints = gatewaysOf(world).flatMap(({ entrypoint }) => entrypoint ?? []);
  const all = entrypoints.map((entrypoint) => {
    const id = loadBalancerIdOf(entrypoint);
    const listeners = answerOf(id === undefined ? undefined : world.cloud.loadBalancers.get(id)?.listeners);
    if (listeners !== undefined && listeners.length > 0) {
      return listeners.every(({ protocol }) => /^(?:https?|quic|grpc)$/.test(protocol));
    }
    return LAYER_7.some((key) => /https?/i.test(entrypoint.meta.annotations[key] ?? ''));
  });
  return all.length > 0 && all.every(Boolean) ? 1 : 0;
}
