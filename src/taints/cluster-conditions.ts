import { virtualKind } from './clouds.ts';
import { fail, type Judgement, type NodeFacts, PASS, unknown } from './judgement.ts';
import { formatTaint } from './rules.ts';

/** Nodes, agents and Cilium's settings were read, and reading goes on. */
export function observed({ cluster }: NodeFacts): Judgement {
  const [first] = cluster.unread;
  return first === undefined ? PASS : unknown('NotReadable', `${first.kind} could not be read: ${first.why}`);
}

/** It is a node of a cloud that we know, or the user has named the taints. */
export function cloudKnown({ cloud, config }: NodeFacts): Judgement {
  if (cloud !== 'unknown' || config.rules !== undefined || config.network !== 'auto') return PASS;
  return unknown(
    'CloudUnknown',
    'neither providerID nor labels say that this is a node of CCE or TKE; name the taints in taints.rules to have them removed',
  );
}

/** An agent of Cilium can run there at all. */
export function ordinaryNode({ node }: NodeFacts): Judgement {
  const kind = virtualKind(node);
  return kind === undefined ? PASS : fail('NodeWithoutCilium', `it is ${kind}, where Cilium does not run`);
}

/** The taint is obsolete in this network: Cilium, and not the cloud, takes care of Pod addresses and routes. */
export function networkIsCiliums({ cloud, network, config }: NodeFacts): Judgement {
  switch (network) {
    case 'cce-vpc-router':
    case 'cce-overlay':
    case 'tke-overlay':
      return PASS;
    case 'cce-eni':
      return fail('CceEni', 'Pods of CCE Turbo live on ENIs: the taint tells the truth');
    case 'cce-dataplane-v2':
      return fail('CceDataPlaneV2', "CCE's own DataPlane V2 takes care of its taints");
    case 'tke-native':
      return fail('TkeNative', 'Pods need addresses of ENIs in native mode: the taint tells the truth');
    case 'tke-built-in':
      return fail('TkeBuiltInCilium', "TKE's own Cilium takes care of its taints");
    case 'unknown':
      if (cloud === 'unknown' && config.rules !== undefined) return PASS;
      return unknown(
        'NetworkUnknown',
        cloud === 'cce'
          ? 'a node without podCIDR may be of CCE overlay_l2 or eni; say which in taints.network'
          : 'cilium-config could not be read; say the network in taints.network',
      );
  }
}

/** The taint is one of those that this network leaves behind. */
export function ruleGiven({ ruled, listed, network }: NodeFacts): Judgement {
  if (ruled.length > 0) return PASS;
  return fail('NoRule', `no rule names ${listed.map(formatTaint).join(', ')} in the network ${network}`);
}

/** Cilium carries packets between nodes itself, or the user says that somebody does. */
export function routingHandled({ cluster, config }: NodeFacts): Judgement {
  if (config.routesHandled || cluster.settings?.routing === 'tunnel') return PASS;
  if (cluster.settings === undefined) {
    return unknown('RoutingUnknown', 'cilium-config could not be read; with taints.routesHandled it need not be');
  }
  return fail(
    'NativeRouting',
    `routing-mode is ${cluster.settings.routing}: a Ready agent does not prove that other nodes reach these Pods; set taints.routesHandled when routes are taken care of`,
  );
}
