import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { type Kubeconfig, loadKubeconfig } from './kubeconfig.ts';
import type { KubeconfigSource } from './kubeconfig-files.ts';
import { isRecord } from './read.ts';

/** How often changed files and expired exec credentials are looked for, at most. */
const CHECK_INTERVAL_MS = 5_000;
/** Idle sockets are closed before the API server (90 s) or a load balancer in front of it (60 s) does. */
const IDLE_SOCKET_MS = 25_000;
const MAX_IDLE_SOCKETS = 64;
/** Silence before the kernel probes whether the peer is there. */
export const KEEP_ALIVE_MS = 30_000;

/** What a request needs to be sent: where the sockets come from and who we are. */
export interface RequestSettings {
  readonly agent: HttpAgent;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Rises with each reload, so that a 401 is answered by one reload only. */
  readonly generation: number;
}

/** One API server with its credentials, kept current while files and tokens rotate. */
export interface Connection {
  readonly server: URL;
  /** For messages: `context "prod" of /home/me/.kube/config`. */
  readonly description: string;
  /** Name of the kubeconfig's context; empty inside a Pod. */
  readonly context: string;
  /** Namespace of the context; empty when it names none. */
  readonly namespace: string;
  readonly inCluster: boolean;
  /**
   * The settings themselves when they are at hand, as for most requests; else a promise of them, which rejects with
   * what the authentication threw: an exec plugin that failed, a file that is gone.
   */
  settings(): RequestSettings | Promise<RequestSettings>;
  /** After a 401 of a request sent with that generation: whether trying again makes sense. */
  renew(generation: number): boolean;
  /** Closes all sockets. */
  close(): void;
}

export interface ConnectionOptions extends KubeconfigSource {
  readonly clock: Clock;
  readonly logger?: Logger;
}

/**
 * Loads the kubeconfig (or the Pod's service account) and keeps it current: files are looked at every 5 s at most, and
 * after a 401. The context and server stay those of the start, whatever happens to the file: a program that
 * writes must never wander to another cluster because somebody ran `kubectl config use-context`.
 * @throws UsageError when there is no usable configuration
 */
export function openConnection(options: ConnectionOptions): Connection {
  let current = loadKubeconfig(options);
  const { server, description, context, namespace, inCluster } = current;
  const source = { ...options, ...(inCluster ? {} : { context }) };
  let stamp = stampOf(current);
  let generation = 1;
  let checkedAt = options.clock.monotonic();
  let renewedAt = Number.NEGATIVE_INFINITY;
  let ready: RequestSettings | undefined;
  let pending: Promise<RequestSettings> | undefined;
  let agent: { readonly key: string; readonly value: HttpAgent } | undefined;

  function reload(): void {
    checkedAt = options.clock.monotonic();
    let loaded: Kubeconfig;
    try {
      loaded = loadKubeconfig(source);
    } catch (error) {
      // A file that is being rewritten: the old credentials may still do, and a 401 says so if not.
      options.logger?.warn({ err: error }, 'kubeconfig changed but cannot be loaded; going on with the old one');
      return;
    }
    stamp = stampOf(loaded);
    if (loaded.server.href !== server.href) {
      options.logger?.warn(
        { server: server.origin, changedTo: loaded.server.origin },
        'kubeconfig now names another server; going on with the old one until a restart',
      );
      return;
    }
    current = loaded;
    generation += 1;
    ready = undefined;
    pending = undefined;
  }

  async function prepare(mine: Kubeconfig, version: number): Promise<RequestSettings> {
    const applied: RequestOptions = {};
    await mine.config.applyToHTTPSOptions(applied);
    const headers: Record<string, string | readonly string[]> = { ...mine.headers };
    for (const [name, value] of Object.entries(applied.headers ?? {})) {
      if (typeof value === 'string') {
        headers[name] = value;
      }
    }
    if (typeof applied.auth === 'string') {
      headers.Authorization = `Basic ${Buffer.from(applied.auth).toString('base64')}`;
    }
    const key = tlsKey(applied, mine.proxied ? version : 0);
    if (agent?.key !== key) {
      // The old agent's sockets end by themselves: streams at the server's timeout, idle ones after 25 s.
      agent = { key, value: mine.proxied ? proxyAgent(applied) : directAgent(server, applied) };
    }
    return { agent: agent.value, headers, generation: version };
  }

  function settings(): RequestSettings | Promise<RequestSettings> {
    const now = options.clock.monotonic();
    if (now - checkedAt >= CHECK_INTERVAL_MS) {
      checkedAt = now;
      ready = undefined;
      if (stampOf(current) !== stamp) {
        reload();
      }
    }
    if (ready !== undefined) {
      return ready;
    }
    pending ??= freshSettings(generation);
    return pending;
  }

  /** One at a time: an exec plugin that hangs is waited for, not started again and again. */
  async function freshSettings(version: number): Promise<RequestSettings> {
    try {
      const fresh = await prepare(current, version);
      ready = generation === version ? fresh : ready;
      return fresh;
    } finally {
      if (generation === version) {
        pending = undefined;
      }
    }
  }

  function renew(used: number): boolean {
    const now = options.clock.monotonic();
    if (generation === used && now - renewedAt >= CHECK_INTERVAL_MS) {
      renewedAt = now;
      reload();
    }
    return generation !== used;
  }

  return {
    server,
    description,
    context,
    namespace,
    inCluster,
    settings,
    renew,
    close: () => agent?.value.destroy(),
  };
}

function stampOf(config: Kubeconfig): string {
  return config.files
    .map((file) => {
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat === undefined ? `${file} is gone` : `${file} ${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    })
    .join('\n');
}

function tlsKey(applied: RequestOptions, generation: number): string {
  const hash = createHash('sha256');
  for (const part of [applied.ca, applied.cert, applied.key]) {
    hash.update(`${Buffer.isBuffer(part) || typeof part === 'string' ? part.length : 0}:`);
    if (Buffer.isBuffer(part) || typeof part === 'string') {
      hash.update(part);
    }
  }
  return `${hash.digest('hex')} ${String(applied.rejectUnauthorized)} ${applied.servername ?? ''} ${generation}`;
}

function directAgent(server: URL, applied: RequestOptions): HttpAgent {
  const sockets: AgentOptions = {
    keepAlive: true,
    keepAliveMsecs: KEEP_ALIVE_MS,
    maxFreeSockets: MAX_IDLE_SOCKETS,
    scheduling: 'lifo',
    timeout: IDLE_SOCKET_MS,
  };
  if (server.protocol === 'http:') {
    return new HttpAgent(sockets);
  }
  return new HttpsAgent({
    ...sockets,
    ...(applied.ca === undefined ? {} : { ca: applied.ca }),
    ...(applied.cert === undefined ? {} : { cert: applied.cert }),
    ...(applied.key === undefined ? {} : { key: applied.key }),
    ...(applied.servername === undefined ? {} : { servername: applied.servername }),
    ...(applied.rejectUnauthorized === undefined ? {} : { rejectUnauthorized: applied.rejectUnauthorized }),
  });
}

/** client-node's agent for `proxy-url`, which it makes without keep-alive. */
function proxyAgent(applied: RequestOptions): HttpAgent {
  if (!(applied.agent instanceof HttpAgent)) {
    throw new Error('client-node made no agent for the proxy');
  }
  const { agent } = applied;
  Object.assign(agent, { keepAlive: true, maxFreeSockets: MAX_IDLE_SOCKETS });
  const agentOptions: unknown = Reflect.get(agent, 'options');
  if (isRecord(agentOptions)) {
    Object.assign(agentOptions, { keepAlive: true, timeout: IDLE_SOCKET_MS });
  }
  return agent;
}
