import { fileURLToPath } from 'node:url';
import { LEASES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { Api } from './api.ts';
import { etcdHealthy } from './etcd.ts';
import type { ProgramName } from './options.ts';
import {
  apiServerCommand,
  type CiliumConfig,
  controllerManagerCommand,
  etcdCommand,
  etcdSocket,
  operatorCommand,
  relaySocket,
  type Site,
} from './programs.ts';
import type { Recipe } from './supervisor.ts';

const OPERATOR_LEASE: ObjectRef = { namespace: 'kube-system', name: 'cilium-operator-resource-lock' };

export interface RecipeInput {
  readonly site: Site;
  /** As admin. */
  readonly api: Api;
  /** For programs beside the API server. */
  readonly kubeconfig: string;
  readonly apiServerFlags: readonly string[];
  readonly ciliumConfig: CiliumConfig;
}

/** How each program of a control plane is started, and the signal by which it is known to work. */
export function programRecipes(input: RecipeInput): Readonly<Record<ProgramName, Recipe>> {
  const { site, api, kubeconfig } = input;
  const gatewayController = (input.ciliumConfig['enable-gateway-api'] ?? 'true') === 'true';
  return {
    etcd: {
      command: () => etcdCommand(site),
      ready: () => etcdHealthy(etcdSocket(site)),
    },
    apiserver: {
      command: () => apiServerCommand(site, input.apiServerFlags),
      ready: async () => (await api.request('GET', '/readyz')).status === 200,
    },
    'controller-manager': {
      command: () => controllerManagerCommand(site, kubeconfig),
      ready: (logged) => logged(/All resource monitors have synced/i),
    },
    operator: {
      command: () => operatorCommand(site, kubeconfig, input.ciliumConfig),
      ready: (logged) => logged(gatewayController ? /Starting workers.*controller=gateway / : /Leading the operator/),
      // A killed operator leaves its lease behind, and the next would wait until it expires.
      beforeRestart: () => api.remove(LEASES, OPERATOR_LEASE),
    },
    relay: {
      command: () => ({
        program: process.execPath,
        args: [fileURLToPath(new URL('relay.ts', import.meta.url)), relaySocket(site), site.address, String(site.port)],
      }),
      ready: (logged) => logged(/relaying/),
    },
  };
}
