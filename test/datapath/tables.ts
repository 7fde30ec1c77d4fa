import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

/** A Service as the agent knows it. */
const ServiceRow = z
  .object({
    Name: z.string(),
    Annotations: z.record(z.string(), z.string()).nullable(),
    ExtTrafficPolicy: z.string(),
    ProxyRedirect: z.object({ ProxyPort: z.number(), Ports: z.array(z.number()).nullable() }).nullable(),
  })
  .transform((row) => ({
    /** `<namespace>/<name>` */
    name: row.Name,
    annotations: row.Annotations ?? {},
    externalTrafficPolicy: row.ExtTrafficPolicy,
    /** Set while its connections go to Envoy. */
    redirect:
      row.ProxyRedirect === null
        ? undefined
        : { proxyPort: row.ProxyRedirect.ProxyPort, ports: row.ProxyRedirect.Ports ?? [] },
  }));
export type AgentService = z.infer<typeof ServiceRow>;

/** An address and port that the agent's load balancer serves. */
const FrontendRow = z
  .object({
    Address: z.string(),
    Type: z.string(),
    ServiceName: z.string(),
    Status: z.object({ kind: z.string(), error: z.string().optional() }),
    Backends: z.array(z.object({ Address: z.string() })).nullable(),
  })
  .transform((row) => ({
    /** `0.0.0.0:30080/TCP` */
    address: row.Address,
    /** ClusterIP, NodePort, LoadBalancer, ... */
    type: row.Type,
    service: row.ServiceName,
    /** Done: it is in the BPF maps. */
    status: row.Status.kind,
    error: row.Status.error ?? '',
    backends: (row.Backends ?? []).map((backend) => backend.Address),
  }));
export type AgentFrontend = z.infer<typeof FrontendRow>;

/** The agent's own tables, read through the socket of its shell (as `cilium-dbg shell` does, in a few milliseconds). */
export interface AgentTables {
  services(): Promise<readonly AgentService[]>;
  frontends(): Promise<readonly AgentFrontend[]>;
  /** Any other, such as `ciliumenvoyconfigs` or `envoy-resources`, row by row as the agent prints it. */
  table(name: string): Promise<readonly unknown[]>;
}

export function agentTables(shellSocket: string): AgentTables {
  const table = (name: string): Promise<readonly unknown[]> => readTable(shellSocket, name);
  return {
    table,
    services: async () => z.array(ServiceRow).parse(await table('services')),
    frontends: async () => z.array(FrontendRow).parse(await table('frontends')),
  };
}

async function readTable(shellSocket: string, name: string): Promise<readonly unknown[]> {
  const shell = connect(shellSocket);
  shell.end(`db/show --format=json ${name}\nexit\n`);
  const answer = (await text(shell)).trim().replace(/^\[stdout\]\n?/, '');
  const output = answer.replace(/\s*<<end>>$/, '');
  if (output === answer) throw new Error(`the agent does not show its table ${name}: ${answer.slice(0, 200)}`);
  // One object after the other, each indented: only its own braces stand at the beginning of a line.
  return output
    .split(/(?<=^\})\n/m)
    .filter((row) => row.trim() !== '')
    .map((row): unknown => JSON.parse(row));
}
