import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { partPath } from './parts.ts';
import type { Versions } from './versions.ts';

/** Where one control plane lives: everything it writes is below `dir`. */
export interface Site {
  readonly dir: string;
  /** What the API server binds and is called by. */
  readonly address: string;
  readonly port: number;
  readonly versions: Versions;
}

/** A program and how to call it. */
export interface CommandLine {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What a lone etcd tells other members and clients; nobody asks, but it must look like an address. */
const UNUSED_URL = 'http://localhost:1';

/** etcd on Unix sockets: no port to choose, and reachable from any network namespace. */
export function etcdCommand(site: Site): CommandLine {
  return {
    program: partPath('etcd', site.versions),
    args: [
      `--data-dir=${etcdDataDir(site)}`,
      `--listen-client-urls=unix://${etcdSocket(site)}`,
      `--advertise-client-urls=${UNUSED_URL}`,
      `--listen-peer-urls=unix://${join(site.dir, 'etcd-peer.sock')}`,
      `--initial-advertise-peer-urls=${UNUSED_URL}`,
      `--initial-cluster=default=${UNUSED_URL}`,
      '--unsafe-no-fsync',
    ],
  };
}

export function etcdSocket(site: Site): string {
  return join(site.dir, 'etcd.sock');
}

export function etcdDataDir(site: Site): string {
  return join(site.dir, 'etcd');
}

export function auditLogPath(site: Site): string {
  return join(site.dir, 'audit.log');
}

/** The API server: TLS, RBAC, static tokens and an audit log of all that was asked. */
export function apiServerCommand(site: Site, flags: readonly string[]): CommandLine {
  const file = (name: string): string => join(site.dir, name);
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived'],
    rules: [{ level: 'Metadata' }],
  };
  writeFileSync(file('audit-policy.json'), JSON.stringify(policy));
  return {
    program: partPath('kube-apiserver', site.versions),
    args: [
      `--etcd-servers=unix://${etcdSocket(site)}`,
      `--bind-address=${site.address}`,
      `--advertise-address=${site.address}`,
      `--secure-port=${site.port}`,
      '--endpoint-reconciler-type=none',
      `--cert-dir=${file('certs')}`,
      `--tls-cert-file=${file('api.crt')}`,
      `--tls-private-key-file=${file('api.key')}`,
      `--client-ca-file=${file('ca.crt')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('service-account.key')}`,
      `--service-account-signing-key-file=${file('service-account.key')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--authorization-mode=RBAC',
      '--allow-privileged=true',
      // Nothing here gives Pods their token, so the plugin would refuse every Pod.
      '--disable-admission-plugins=ServiceAccount',
      `--audit-policy-file=${file('audit-policy.json')}`,
      `--audit-log-path=${auditLogPath(site)}`,
      '--audit-log-maxsize=4000',
      ...flags,
    ],
    // Collecting garbage is a sixth of the work of its start, and a run of all tests starts some fifty of them.
    env: { GOGC: '400' },
  };
}

/** Only what tests rely on; the last one looks whether expressions of admission policies fit their kinds. */
const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'serviceaccount-controller',
  'validatingadmissionpolicy-status-controller',
];

export function controllerManagerCommand(site: Site, kubeconfig: string): CommandLine {
  return {
    program: partPath('kube-controller-manager', site.versions),
    args: [
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      `--service-account-private-key-file=${join(site.dir, 'service-account.key')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ],
  };
}

/** Keys of cilium-config; `undefined` takes a default away. */
export type CiliumConfig = Readonly<Record<string, string | undefined>>;

const CILIUM_CONFIG: CiliumConfig = {
  'enable-gateway-api': 'true',
  'enable-gateway-api-secrets-sync': 'false',
  'kube-proxy-replacement': 'true',
  'enable-envoy-config': 'true',
  'enable-l7-proxy': 'true',
  'enable-ingress-controller': 'true',
  'enforce-ingress-https': 'true',
  'ingress-default-lb-mode': 'dedicated',
  'enable-ipv4': 'true',
  'enable-ipv6': 'false',
  ipam: 'kubernetes',
  'identity-allocation-mode': 'crd',
  'cluster-name': 'default',
  'cluster-id': '0',
  'unmanaged-pod-watcher-interval': '0',
  'nodes-gc-interval': '0',
  'enable-gops': 'false', // a fixed port
  'operator-api-serve-addr': '127.0.0.1:0',
  'operator-prometheus-serve-addr': '127.0.0.1:0',
  'k8s-namespace': 'kube-system',
};

/** The operator, configured as Cilium's chart does: a folder with one file a key. */
export function operatorCommand(site: Site, kubeconfig: string, overrides: CiliumConfig): CommandLine {
  const dir = join(site.dir, 'cilium-config');
  mkdirSync(dir, { recursive: true });
  const own = { 'k8s-kubeconfig-path': kubeconfig, 'shell-sock-path': join(site.dir, 'operator-shell.sock') };
  for (const [key, value] of Object.entries({ ...CILIUM_CONFIG, ...own, ...overrides })) {
    if (value !== undefined) writeFileSync(join(dir, key), value);
  }
  return {
    program: partPath('cilium-operator-generic', site.versions),
    args: [`--config-dir=${dir}`],
    env: { K8S_NODE_NAME: 'operator' },
  };
}

export function relaySocket(site: Site): string {
  return join(site.dir, 'relay.sock');
}
