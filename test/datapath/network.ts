import { runCommand } from '../control-plane/command.ts';

/** The nodes, with what differs between them. */
export const NODES = [
  { name: 'n1', address: '10.77.0.11', podCidr: '10.244.1.0/24' },
  { name: 'n2', address: '10.77.0.12', podCidr: '10.244.2.0/24' },
] as const;
export type NodeName = (typeof NODES)[number]['name'];

export const FABRIC_ADDRESS = '10.77.0.1';
/** The first is the one it connects from by itself. */
export const CLIENT_ADDRESSES = ['10.77.0.100', '10.77.0.101', '10.77.0.102', '10.77.0.103'] as const;

/** The names of one run's network namespaces. */
export interface Namespaces {
  /** Holds the bridge, and the control plane. */
  readonly fabric: string;
  readonly client: string;
  readonly nodes: Readonly<Record<NodeName, string>>;
}

export function namespacesOf(id: string): Namespaces {
  return { fabric: `${id}-fabric`, client: `${id}-client`, nodes: { n1: `${id}-n1`, n2: `${id}-n2` } };
}

/** How a program is run in a network namespace. */
export function inNamespace(namespace: string): readonly string[] {
  return ['ip', 'netns', 'exec', namespace];
}

/** Makes the namespaces and connects them by one bridge: no way leads out of it. */
export async function createNetwork(namespaces: Namespaces): Promise<void> {
  const { fabric, client, nodes } = namespaces;
  const lines = [fabric, client, ...Object.values(nodes)].map((name) => `netns add ${name}`);
  await ipBatch(lines);
  await ipBatch(
    [
      'link set lo up',
      'link add br0 type bridge',
      `address add ${FABRIC_ADDRESS}/24 dev br0`,
      'link set br0 up',
      ...NODES.map(({ name }) => cable(name, nodes[name])),
      cable('client', client),
      ...['client', ...NODES.map(({ name }) => name)].flatMap((name) => [
        `link set ${name} master br0`,
        `link set ${name} up`,
      ]),
    ],
    fabric,
  );
  for (const { name, address } of NODES) await ipBatch(host([address]), nodes[name]);
  await ipBatch(host(CLIENT_ADDRESSES), client);
  // As many connections a minute as there are ports: the client gets more of them than usual.
  await runCommand('ip', [
    'netns',
    'exec',
    client,
    'sh',
    '-c',
    'echo 1024 65000 > /proc/sys/net/ipv4/ip_local_port_range',
  ]);
}

function cable(port: string, namespace: string): string {
  return `link add ${port} type veth peer name eth0 netns ${namespace}`;
}

function host(addresses: readonly string[]): readonly string[] {
  return [
    'link set lo up',
    ...addresses.map((address) => `address add ${address}/24 dev eth0`),
    'link set eth0 up',
    `route add default via ${FABRIC_ADDRESS}`,
  ];
}

async function ipBatch(lines: readonly string[], namespace?: string): Promise<void> {
  const where = namespace === undefined ? [] : ['-netns', namespace];
  await runCommand('ip', [...where, '-batch', '-'], { input: `${lines.join('\n')}\n` });
}
