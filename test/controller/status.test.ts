import { afterEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { STALE_MS } from '../../src/controller/health.ts';
import { openStatus, type Status } from '../../src/controller/status.ts';
import { KubeError } from '../../src/kube/errors.ts';
import type { CacheState } from '../../src/kube/watch.types.ts';
import { createMetrics } from '../../src/metrics/metrics.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { recordLog } from '../kube/recorded-log.ts';

/** What a probe sees of a controller whose watch, loop and leadership the test moves. */

let status: Status | undefined;
afterEach(async () => {
  await status?.close();
  status = undefined;
});

async function start(withMetrics = true) {
  const clock = fakeClock();
  const stop = new AbortController();
  const config = parseConfig('', 'test');
  const metrics = withMetrics ? createMetrics({ version: '1.2.3', config: () => config, clock }) : undefined;
  const listen = { host: '127.0.0.1', port: 0 };
  status = await openStatus({ listen, metrics, clock, logger: recordLog() }, stop.signal);
  const url = `http://127.0.0.1:${status.port}`;
  const program = {
    lastEventAt: clock.monotonic(),
    failure: undefined as KubeError | undefined,
    leader: true,
    lateMs: 0,
  };
  const watch = (): CacheState => ({
    synced: true,
    served: true,
    listsCompleted: 1,
    lastListAt: program.lastEventAt,
    lastEventAt: program.lastEventAt,
    unreadable: 0,
    unproven: false,
    watchesOpened: 1,
    failures: 0,
    error: program.failure,
  });
  const loopStatus = () => ({ queued: 0, running: 0, heldOff: 0, turnsBy: clock.monotonic() - program.lateMs });
  const look = (): void =>
    status?.look({
      isLeader: () => program.leader,
      loops: [{ name: 'gateways', loop: { findings: () => [], status: loopStatus } }],
      watches: () => new Map([['gateways/services', watch()]]),
      lastChecks: () => undefined,
      reload: () => ({ ok: true, changedAt: undefined, waiting: [] }),
      missingRights: () => new Map([['redirects', 2]]),
    });
  const get = async (path: string, method = 'GET'): Promise<readonly [number, string]> => {
    const answer = await fetch(url + path, { method });
    return [answer.status, await answer.text()];
  };
  return { clock, stop, program, look, get };
}

describe('a program that is starting', () => {
  it('lives, is not ready, and says why', async () => {
    const { get } = await start();
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    const [code, body] = await get('/readyz');
    expect([code, body]).toEqual([503, expect.stringContaining('[-]started failed: not everything has been read yet')]);
    expect(await get('/readyz', 'HEAD')).toEqual([503, '']);
    expect((await get('/metrics'))[0]).toBe(200);
  });
});

describe('a program that has read everything', () => {
  it.each([true, false])('is ready, leader or not (%s)', async (leader) => {
    const { program, look, get } = await start();
    program.leader = leader;
    look();
    expect(await get('/readyz')).toEqual([200, 'ok\n']);
    expect((await get('/metrics'))[1]).toContain(
      `leader_election_master_status{name="cilium-cloud-bridge"} ${leader ? 1 : 0}`,
    );
    expect((await get('/metrics'))[1]).toContain('cilium_cloud_bridge_missing_rights{part="redirects"} 2');
  });

  it('is not ready with a stale watch, says which and what it met, and is again when it hears something', async () => {
    const { clock, program, look, get } = await start();
    look();
    clock.advance(STALE_MS + 5_000);
    const details = { category: 'unreachable', status: 0, reason: '', operation: 'WATCH services' } as const;
    program.failure = new KubeError('WATCH services: no', details);
    const stale = `[-]watch/gateways/services failed: no sign of life for ${Math.round((STALE_MS + 5_000) / 1_000)} s: unreachable`;
    expect(await get('/readyz')).toEqual([503, expect.stringContaining(stale)]);
    expect(await get('/readyz?verbose')).toEqual([503, expect.stringContaining(stale)]);
    // A restart would mend nothing.
    expect(await get('/healthz')).toEqual([200, 'ok\n']);
    program.lastEventAt = clock.monotonic();
    expect(await get('/readyz')).toEqual([200, 'ok\n']);
  });

  it('does not live any more when a loop stands still', async () => {
    const { program, look, get } = await start();
    look();
    program.lateMs = 90_000;
    const stuck = '[-]loop/gateways failed: it should have turned 90 s ago';
    expect(await get('/healthz')).toEqual([503, expect.stringContaining(stuck)]);
  });

  it('is not ready while it stops', async () => {
    const { stop, look, get } = await start();
    look();
    stop.abort(new Error('stopping'));
    expect(await get('/readyz')).toEqual([503, expect.stringContaining('[-]running failed: it is stopping')]);
    expect((await get('/healthz'))[0]).toBe(200);
  });

  it('lists every check on request', async () => {
    const { look, get } = await start();
    look();
    expect(await get('/readyz?verbose')).toEqual([
      200,
      '[+]running ok\n[+]started ok\n[+]watch/gateways/services ok\nreadyz check passed\n',
    ]);
    expect(await get('/healthz?verbose')).toEqual([200, '[+]ping ok\n[+]loop/gateways ok\nhealthz check passed\n']);
  });

  it('has no page of metrics where there are none', async () => {
    const { look, get } = await start(false);
    look();
    expect(await get('/metrics')).toEqual([404, 'There are /healthz, /readyz.\n']);
  });
});

it('serves nothing where nothing is to be served', async () => {
  const options = { listen: undefined, metrics: undefined, clock: fakeClock(), logger: recordLog() };
  status = await openStatus(options, new AbortController().signal);
  expect(status.port).toBeUndefined();
});
