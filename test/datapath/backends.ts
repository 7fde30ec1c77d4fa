import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectRef } from '../../src/kube/types.ts';
import { runCommand } from '../control-plane/command.ts';
import type { KubeObject } from '../control-plane/objects.ts';

/** Where all of it lives unless said otherwise: beside the guide's Gateway. */
const NAMESPACE = 'default';
const PARENT = { namespace: 'default', name: 'ip-gateway' };

/** A Service with Pods behind it, as far as the agents can see; nothing listens on their addresses. */
export function backend(name: string, addresses: readonly string[], namespace = NAMESPACE): readonly KubeObject[] {
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name },
      spec: { ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    },
    endpointSlice(
      { namespace, name },
      [{ name: 'http', port: 8080 }],
      addresses.map((address) => ({ addresses: [address] })),
    ),
  ];
}

interface Endpoint {
  readonly addresses: readonly string[];
  readonly nodeName?: string;
}

/** The ready endpoints of a Service; no controller here makes them. */
export function endpointSlice(
  service: ObjectRef,
  ports: readonly { name: string; port: number | undefined }[],
  endpoints: readonly Endpoint[],
): KubeObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      namespace: service.namespace,
      name: `${service.name}-1`,
      labels: { 'kubernetes.io/service-name': service.name },
    },
    addressType: 'IPv4',
    ports: ports.map((port) => ({ ...port, protocol: 'TCP' })),
    endpoints: endpoints.map((endpoint) => ({ ...endpoint, conditions: { ready: true } })),
  };
}

/** A route of the guide's Gateway: each path prefix goes to a Service of the same namespace, port 80. */
export function httpRoute(
  name: string,
  backends: Readonly<Record<string, string>>,
  rest: Readonly<Record<string, unknown>> = {},
): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { namespace: NAMESPACE, name },
    spec: {
      parentRefs: [PARENT],
      rules: Object.entries(backends).map(([prefix, service]) => ({
        matches: [{ path: { type: 'PathPrefix', value: prefix } }],
        backendRefs: [{ name: service, port: 80 }],
      })),
      ...rest,
    },
  };
}

/** TLS for that host goes to the Service as it is. */
export function tlsRoute(name: string, host: string, service: string): KubeObject {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1alpha2',
    kind: 'TLSRoute',
    metadata: { namespace: NAMESPACE, name },
    spec: { parentRefs: [PARENT], hostnames: [host], rules: [{ backendRefs: [{ name: service, port: 80 }] }] },
  };
}

/** A Secret with a fresh self-signed certificate, by whose serial a client knows it. */
export async function tlsSecret(name: string, host: string, serial: number): Promise<KubeObject> {
  const cwd = mkdtempSync(join(tmpdir(), 'ccb-pki-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key'];
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  const request = [
    'req',
    '-x509',
    ...key,
    '-out',
    'certificate',
    '-set_serial',
    String(serial),
    '-days',
    '2',
    ...subject,
  ];
  try {
    await runCommand('openssl', request, { cwd });
    const data = {
      'tls.crt': readFileSync(join(cwd, 'certificate'), 'base64'),
      'tls.key': readFileSync(join(cwd, 'key'), 'base64'),
    };
    const metadata = { namespace: NAMESPACE, name };
    return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', data };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
