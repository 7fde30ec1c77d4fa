import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { type ControlPlane, startControlPlane } from './fixture.ts';
import type { ControlPlaneOptions } from './options.ts';
import { partPath } from './parts.ts';
import { MAIN_VERSIONS } from './versions.ts';

const USAGE = `usage: npm run control-plane -- [options]

Starts a real Kubernetes control plane with Cilium's operator, without Docker: builds it if needed (needs Go; the
first time about seven minutes), prints how to use it, and stays until Ctrl-C. Nothing is left running.

  --kubernetes=VERSION       default ${MAIN_VERSIONS.kubernetes}
  --cilium=VERSION           default ${MAIN_VERSIONS.cilium}
  --api-server-flag=FLAG     may be repeated, such as --api-server-flag=--feature-gates=LoadBalancerIPMode=false
  --cilium-config=KEY=VALUE  a key of cilium-config; may be repeated
  --no-operator              only Kubernetes and the CRDs
  --port=PORT                default: a free one
  --keep-logs                leaves the folder with the logs behind
  -h, --help`;

async function main(): Promise<void> {
  const options = optionsOf(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE);
    return;
  }
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  const startedAt = performance.now();
  const cluster = await startControlPlane({ ...options, say: (line) => console.log(line) });
  console.log(`ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n\n${instructions(cluster)}`);
  await interrupted;
  await cluster.stop();
  console.log(`\nstopped${options.keepLogs === true ? `; the logs are in ${cluster.dir}` : ''}`);
}

function optionsOf(args: readonly string[]): ControlPlaneOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      kubernetes: { type: 'string', default: MAIN_VERSIONS.kubernetes },
      cilium: { type: 'string', default: MAIN_VERSIONS.cilium },
      'api-server-flag': { type: 'string', multiple: true, default: [] },
      'cilium-config': { type: 'string', multiple: true, default: [] },
      'no-operator': { type: 'boolean', default: false },
      port: { type: 'string' },
      'keep-logs': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  return {
    kubernetes: values.kubernetes,
    cilium: values.cilium,
    apiServerFlags: values['api-server-flag'],
    ciliumConfig: Object.fromEntries(values['cilium-config'].map(keyAndValue)),
    operator: !values['no-operator'],
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
    keepLogs: values['keep-logs'],
  };
}

function keyAndValue(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--cilium-config wants KEY=VALUE, not ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function instructions({ server, kubeconfigPath, dir, versions }: ControlPlane): string {
  return `Kubernetes ${versions.kubernetes} at ${server}, Cilium's operator ${versions.cilium}; logs and audit.log in ${dir}

export KUBECONFIG=${kubeconfigPath}
alias kubectl=${partPath('kubectl', MAIN_VERSIONS)}

A Gateway that waits for an address:

kubectl apply -f - <<'EOF'
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: cilium }
spec: { controllerName: io.cilium/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: ip-gateway, namespace: default }
spec:
  gatewayClassName: cilium
  listeners: [{ name: http, port: 80, protocol: HTTP }]
EOF
kubectl get gateways,services -A

Ctrl-C ends it.`;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
