import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTargetPorts } from '../../src/cli/external-targets.ts';
import { makeAuthority } from '../kube/certificates.ts';

let server: Server;
let port: number;
let status: number | undefined;

beforeEach(async () => {
  status = 200;
  server = createServer(makeAuthority().issue({ dns: 'elsewhere.example.com' }), (_, response) => {
    // Undefined: no answer ever.
    if (status !== undefined) response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  port = isPort(address) ? address.port : 0;
});

afterEach(async () => {
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

function isPort(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}

describe('the ports that look for addresses which answer', () => {
  it.each([
    [200, true],
    [302, true],
    [403, false],
    [503, false],
  ])('count status %d, of an address that no certificate is for, as %j', async (given, wanted) => {
    status = given;
    expect(await createTargetPorts(port).answers('127.0.0.1', AbortSignal.timeout(5_000))).toBe(wanted);
  });

  it('count a refused connection, and an answer that does not come, as none', async () => {
    expect(await createTargetPorts(1).answers('127.0.0.1', AbortSignal.timeout(5_000))).toBe(false);
    status = undefined;
    const started = performance.now();
    expect(await createTargetPorts(port).answers('127.0.0.1', AbortSignal.timeout(200))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('find no address of a host that has none, nor when it is over', async () => {
    const { resolve } = createTargetPorts(port);
    expect(await resolve('no-such-host.invalid', AbortSignal.timeout(5_000))).toEqual([]);
    expect(await resolve('npmmirror.com', AbortSignal.abort())).toEqual([]);
  });
});
