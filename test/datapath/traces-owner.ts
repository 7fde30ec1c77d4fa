import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetwork, inNamespace, namespacesOf } from './network.ts';
import { cgroupRoot } from './preconditions.ts';
import { recordTraces, type Traces } from './traces.ts';

/*
 * Run as a process of its own: makes what a datapath makes, with a program in a namespace and one in a cgroup, says what
 * it made, and waits to be killed. Nothing here ends those programs.
 */

const id = `ccb-${process.pid}-1`;
const namespaces = namespacesOf(id);
const cgroup = join(cgroupRoot() ?? '', `${id}-n1`);
const traces: Traces = {
  namespaces: [namespaces.fabric, namespaces.client, ...Object.values(namespaces.nodes)],
  cgroups: [cgroup],
  dirs: [mkdtempSync(join(tmpdir(), 'ccb-'))],
};
recordTraces(id, traces);
await createNetwork(namespaces);
mkdirSync(cgroup);
const [enter = '', ...into] = inNamespace(namespaces.client);
const inside = spawn(enter, [...into, 'sleep', '600'], { stdio: 'ignore' });
const grouped = spawn('sleep', ['600'], { stdio: 'ignore' });
writeFileSync(join(cgroup, 'cgroup.procs'), String(grouped.pid));
console.log(JSON.stringify({ ...traces, pids: [inside.pid, grouped.pid] }));
setInterval(() => undefined, 60_000);
