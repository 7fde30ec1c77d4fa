import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { HttpProxyAgent, HttpsProxyAgent } from 'hpagent';
import type { Environment } from '../lib/environment.ts';
import { proxyFromEnvironment } from '../lib/proxy.ts';
import { CloudError } from './errors.ts';

/** Connections to the cloud's endpoints, kept alive and shared by all clients of one cloud. */
export interface CloudAgents {
  /**
   * The agent for requests to this endpoint: through HTTPS_PROXY (HTTP_PROXY for http) unless NO_PROXY names it.
   * @throws CloudError `invalid` when that is no URL
   */
  forEndpoint(endpoint: URL): HttpAgent;
  close(): void;
}

const SOCKETS = { keepAlive: true, maxFreeSockets: 4, scheduling: 'lifo', timeout: 60_000 } as const;

export function createCloudAgents(env: Environment): CloudAgents {
  const agents = new Map<string, HttpAgent>();
  return {
    forEndpoint(endpoint) {
      const proxy = isMetadata(endpoint.hostname) ? '' : proxyFromEnvironment(endpoint, env);
      const key = `${endpoint.protocol} ${proxy}`;
      const agent = agents.get(key) ?? createAgent(endpoint, proxy);
      agents.set(key, agent);
      return agent;
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

function createAgent(endpoint: URL, proxy: string): HttpAgent {
  if (proxy !== '' && !isUsable(proxy)) throw unusableProxy(endpoint);
  if (endpoint.protocol === 'http:') {
    return proxy === '' ? new HttpAgent(SOCKETS) : new HttpProxyAgent({ ...SOCKETS, proxy });
  }
  return proxy === '' ? new HttpsAgent(SOCKETS) : new HttpsProxyAgent({ ...SOCKETS, proxy });
}

/** The metadata service answers only on the server itself: another machine's proxy would give that machine's role. */
function isMetadata(host: string): boolean {
  return host === 'metadata.tencentyun.com' || /^169\.254\.\d+\.\d+$/.test(host) || /^\[fe[89ab]/i.test(host);
}

/** The credentials in it are decoded for its header. */
function isUsable(proxy: string): boolean {
  const url = URL.parse(proxy);
  try {
    return url !== null && decodeURIComponent(`${url.username}:${url.password}`) !== '';
  } catch {
    return false;
  }
}

/** Never the value: it may hold a password. */
function unusableProxy({ protocol }: URL): CloudError {
  const variable = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  return new CloudError(
    `The environment variable ${variable} (or in lower case) is no URL of a proxy: write it as http://host:port, with %25 for a % in a password.`,
    { category: 'invalid', action: '', code: '', status: 0, requestId: '' },
  );
}
