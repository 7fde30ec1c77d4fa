import { BlockList, isIP } from 'node:net';
import type { Environment } from './environment.ts';

/**
 * The proxy that kubectl would use for a server without `proxy-url`: HTTPS_PROXY or HTTP_PROXY, unless NO_PROXY names
 * the server (golang.org/x/net/http/httpproxy). Loopback addresses are never proxied. Empty: none.
 */
export function proxyFromEnvironment(server: URL, env: Environment): string {
  const names = server.protocol === 'https:' ? ['HTTPS_PROXY', 'https_proxy'] : ['HTTP_PROXY', 'http_proxy'];
  const proxy = names.map((name) => env[name] ?? '').find((value) => value !== '') ?? '';
  const host = server.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (proxy === '' || isLoopback(host) || isExempt(host, portOf(server), env.NO_PROXY ?? env.no_proxy ?? '')) {
    return '';
  }
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function portOf(server: URL): string {
  return server.port !== '' ? server.port : server.protocol === 'https:' ? '443' : '80';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** Entries: `*`, an address, a CIDR, `example.com` (and what is below it), `.example.com` (only below), each `:port`. */
function isExempt(host: string, port: string, noProxy: string): boolean {
  return noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => covers(entry.toLowerCase(), host, port));
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') {
    return true;
  }
  if (entry.includes('/')) {
    return inRange(entry, host);
  }
  const [, name = entry, onlyPort = ''] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(entry) ?? [];
  if (onlyPort !== '' && onlyPort !== port) {
    return false;
  }
  const plain = name.replace(/^\[(.*)\]$/, '$1').replace(/^\*\./, '.');
  return plain.startsWith('.') ? host.endsWith(plain) : host === plain || host.endsWith(`.${plain}`);
}

function inRange(cidr: string, host: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const family = isIP(network);
  if (family === 0 || isIP(host) !== family || !/^\d{1,3}$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    return false;
  }
  const range = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  range.addSubnet(network, Number(bits), type);
  return range.check(host, type);
}
