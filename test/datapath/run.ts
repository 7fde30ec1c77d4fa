import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { partPath } from '../control-plane/parts.ts';
import { MAIN_VERSIONS } from '../control-plane/versions.ts';
import { type Datapath, type DatapathOptions, startDatapath } from './fixture.ts';
import { applyEntrypoint, ENTRYPOINT, ENTRYPOINT_NODE_PORT, GATEWAY_SERVICE, setUpGateway } from './guide.ts';

const USAGE = `usage: npm run datapath -- [options]      (as root)

Starts two nodes with real Cilium agents, a real control plane and a client, in network namespaces on this machine, with
the objects of the guide for CCE; prints how to connect from the client and how to look inside, and stays until Ctrl-C.
Nothing is left behind. The first time it builds everything (needs Go; about ten minutes).

  --cilium=VERSION           default ${MAIN_VERSIONS.cilium}
  --cilium-config=KEY=VALUE  a key of the agents' configuration; may be repeated
  --empty                    without the guide's objects
  --keep-logs                leaves the folders with the logs behind
  -h, --help`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cilium: { type: 'string', default: MAIN_VERSIONS.cilium },
      'cilium-config': { type: 'string', multiple: true, default: [] },
      empty: { type: 'boolean', default: false },
      'keep-logs': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  let ready = false;
  const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]).then(() => {
    if (!ready) process.exit(130); // what was started so far is removed on the way out
  });
  const startedAt = performance.now();
  const datapath = await startDatapath({
    cilium: values.cilium,
    agentConfig: Object.fromEntries(values['cilium-config'].map(keyAndValue)),
    keepLogs: values['keep-logs'],
    say: (line) => console.log(line),
  } satisfies DatapathOptions);
  const gatewayPort = values.empty ? undefined : await setUpGuide(datapath);
  ready = true;
  console.log(
    `ready after ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n\n${instructions(datapath, gatewayPort)}`,
  );
  await interrupted;
  await datapath.stop();
  console.log(
    `\nstopped${values['keep-logs'] ? `; the logs are in ${datapath.dir} and ${datapath.controlPlane.dir}` : ''}`,
  );
}

async function setUpGuide(datapath: Datapath): Promise<number> {
  const targetPort = await setUpGateway(datapath);
  await applyEntrypoint(datapath, { targetPort }, false);
  return targetPort;
}

function keyAndValue(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--cilium-config wants KEY=VALUE, not ${text}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function instructions({ controlPlane, nodes, client, dir }: Datapath, gatewayPort: number | undefined): string {
  const [node] = nodes;
  const curl = `${client.command.join(' ')} curl -s http://${node?.address}`;
  const guide =
    gatewayPort === undefined
      ? ''
      : `
# pod-ip: the NodePort of Service ${GATEWAY_SERVICE.namespace}/${GATEWAY_SERVICE.name}; every connection is answered
${curl}:${gatewayPort}/api
# node-port: the entrypoint ${ENTRYPOINT.namespace}/${ENTRYPOINT.name}; one in two is refused
for i in $(seq 10); do ${curl}:${ENTRYPOINT_NODE_PORT}/api || echo refused; done
`;
  return `Nodes ${nodes.map(({ name, address }) => `${name} (${address})`).join(', ')}, client ${client.addresses[0]}; logs in ${dir} and ${controlPlane.dir}

export KUBECONFIG=${controlPlane.kubeconfigPath}
alias kubectl=${partPath('kubectl', MAIN_VERSIONS)}
${guide}
# look inside a node: the agent, and what it sent to Envoy
${node?.agent.dbgCommand.join(' ')} service list
${node?.agent.dbgCommand.join(' ')} shell -- db/show services
curl -s --unix-socket ${node?.envoy.adminSocket} http://envoy/state

Ctrl-C ends it.`;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
