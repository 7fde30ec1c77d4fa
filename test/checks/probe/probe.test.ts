import { beforeAll, describe, expect, it } from 'vitest';
import { PROBE_CHECKS } from '../../../src/checks/probe/all.ts';
import { probeTargets } from '../../../src/checks/probe/targets.ts';
import { runChecks } from '../../../src/checks/run.ts';
import type { DoctorWorld } from '../../../src/checks/world.types.ts';
import type { Finding } from '../../../src/plan/plan.types.ts';
import type { ProbeOutcome, ProbeTarget, Untried } from '../../../src/probe/probe.types.ts';
import { edited, patch } from '../cluster-data.ts';
import { REFERENCES } from '../reference/all.ts';
import { worldOf } from '../world-of.ts';

const COUNT = 100;
const NODE_PORT = patch('Service kube-system/*', {
  metadata: { annotations: { 'cilium-cloud-bridge.io/exposure': 'node-port' } },
});

let redirect: DoctorWorld;
let nodePort: DoctorWorld;

beforeAll(async () => {
  redirect = await worldOf(REFERENCES['cce-overlay']);
  nodePort = await worldOf(edited(REFERENCES['cce-overlay'], [NODE_PORT]));
});

/** What doctor says where the connections to each target end so. */
function diagnose(
  world: DoctorWorld,
  end: (target: ProbeTarget, index: number) => ProbeOutcome | Untried,
  leftOut = 0,
): Finding[] {
  const untried: Record<string, number> = {};
  const results = probeTargets(world).map((target) => ({
    target,
    attempts: Array.from({ length: COUNT }, (_, index) => end(target, index)).flatMap((outcome) => {
      if (typeof outcome === 'string') return [{ outcome, latencyMs: 1, status: 200 }];
      untried[outcome.code] = (untried[outcome.code] ?? 0) + 1;
      return [];
    }),
  }));
  const { outcomes } = runChecks(PROBE_CHECKS, { ...world, probe: { results, leftOut, untried } });
  return outcomes.flatMap(({ findings }) => findings);
}

function told(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(({ check, verdict, reason }) => `${check} ${verdict} ${reason}`))].toSorted();
}

function nodesOf(world: DoctorWorld): string[] {
  return [...new Set(probeTargets(world).map(({ node }) => node))].filter((node) => node !== '');
}

const WELL = [
  'probe-nodes pass AsItShouldBe',
  'probe-published pass AsItShouldBe',
  'probe-ran pass AsItShouldBe',
  'probe-share pass AsItShouldBe',
];
const NO_PORT: Untried = { outcome: 'not-tried', code: 'EADDRNOTAVAIL' };
const NOT_TRIED = 'probe-ran unknown NotTriedFromHere';

describe('probeTargets', () => {
  it('are the published addresses, and both NodePorts of each node; those of Gateways first', () => {
    const targets = probeTargets(redirect);
    const nodes = redirect.kube.nodes.items.length;
    expect(targets.filter(({ place }) => place === 'published').length).toBeGreaterThan(0);
    expect(targets.filter(({ place }) => place === 'entrypoint').length % nodes).toBe(0);
    expect(targets.filter(({ place }) => place === 'gateway').length % nodes).toBe(0);
    const places = targets.map(({ place }) => place);
    expect(places.lastIndexOf('gateway')).toBeLessThan(places.indexOf('entrypoint'));
    expect(targets.every(({ address, port }) => address !== '' && port > 0)).toBe(true);
  });
});

describe('the checks of --probe', () => {
  it('do not apply where nobody asked', () => {
    expect(runChecks(PROBE_CHECKS, redirect).outcomes.map(({ verdict }) => verdict)).toEqual(
      PROBE_CHECKS.map(() => 'not-applicable'),
    );
  });

  it('pass where everything answers', () => {
    expect(told(diagnose(redirect, () => 'answered'))).toEqual(WELL);
  });

  it('name the node that answers nothing, and judge the share without it', () => {
    const [silent = ''] = nodesOf(redirect);
    const findings = diagnose(redirect, ({ node }) => (node === silent ? 'refused' : 'answered'));
    expect(told(findings)).toEqual(['probe-nodes fail NodeDoesNotAnswer', ...WELL.slice(1)]);
    expect(findings.find(({ reason }) => reason === 'NodeDoesNotAnswer')).toMatchObject({ target: { name: silent } });
  });

  it('tell refusals of a redirect for what they are: not predicted', () => {
    const findings = diagnose(redirect, ({ place }, index) =>
      place === 'entrypoint' && index === 0 ? 'refused' : 'answered',
    );
    expect(told(findings)).toContain('probe-share fail MoreRefused');
  });

  it('set the share that node-port refuses beside what it predicts', () => {
    const nodes = nodesOf(nodePort).length;
    const refusing = (share: number): string[] =>
      told(
        diagnose(nodePort, ({ place }, index) =>
          place === 'entrypoint' && index < COUNT * share ? 'refused' : 'answered',
        ),
      );
    expect(refusing(1 / nodes)).toContain('probe-share warn ShareRefused');
    expect(refusing(0.9)).toContain('probe-share fail MoreRefused');
    expect(refusing(0)).toContain('probe-share warn FewerRefused');
  });

  it('do not call nodes broken that are out of reach from here', () => {
    const findings = diagnose(redirect, ({ place }) => (place === 'published' ? 'answered' : 'timed-out'));
    expect(told(findings)).toEqual([
      'probe-nodes unknown NodesOutOfReach',
      'probe-published pass AsItShouldBe',
      'probe-ran pass AsItShouldBe',
      'probe-share not-applicable NotApplicable',
    ]);
  });

  it('tell a NodePort that every node refuses, and an address that answers nothing', () => {
    expect(told(diagnose(redirect, () => 'refused'))).toEqual([
      'probe-nodes fail NodesRefuse',
      'probe-published fail AddressDoesNotAnswer',
      'probe-ran pass AsItShouldBe',
      'probe-share not-applicable NotApplicable',
    ]);
  });

  it('tell connections that get lost', () => {
    const findings = diagnose(redirect, ({ place }, index) =>
      place === 'entrypoint' && index === 7 ? 'timed-out' : 'answered',
    );
    expect(told(findings)).toContain('probe-share warn ConnectionsLost');
  });

  it('do not hold against a node what this machine could not begin, and say so', () => {
    const [one = ''] = nodesOf(redirect);
    const findings = diagnose(redirect, ({ node }, index) => (node === one && index > 0 ? NO_PORT : 'answered'));
    expect(told(findings)).toEqual([...WELL.filter((line) => !line.startsWith('probe-ran')), NOT_TRIED].toSorted());
    const { message, fix, evidence } = findings.find(({ reason }) => reason === 'NotTriedFromHere') ?? {};
    expect(message).toMatch(/^198 of \d+ connections could not be begun on this machine \(EADDRNOTAVAIL × 198\)/);
    expect(fix).toContain('--probe-count');
    expect(evidence).toMatchObject({ untried: { EADDRNOTAVAIL: 198 }, nothingKnownOf: [] });
  });

  it('name what nothing is known of, where this machine could begin nothing there', () => {
    const [one = ''] = nodesOf(redirect);
    const findings = diagnose(redirect, ({ node }) => (node === one ? NO_PORT : 'answered'));
    expect(told(findings)).toEqual([...WELL.filter((line) => !line.startsWith('probe-ran')), NOT_TRIED].toSorted());
    expect(findings.find(({ reason }) => reason === 'NotTriedFromHere')?.message).toMatch(/Nothing is known of 10\./);
  });

  it('are unknown where this machine could begin nothing at all', () => {
    expect(told(diagnose(redirect, () => NO_PORT))).toEqual([
      'probe-nodes unknown NodesNotTried',
      'probe-published unknown AddressNotTried',
      NOT_TRIED,
      'probe-share unknown ShareNotTried',
    ]);
  });

  it.each([
    ['EMFILE', 'ulimit -n'],
    ['EPERM', 'may connect'],
    ['ENOBUFS', 'memory'],
  ])('mend %s with %s', (code, mend) => {
    const findings = diagnose(redirect, () => ({ outcome: 'not-tried', code }));
    expect(findings.find(({ reason }) => reason === 'NotTriedFromHere')?.fix).toContain(mend);
  });

  it('say how many the time was too short for', () => {
    const [all] = diagnose(redirect, () => 'answered', 17);
    expect(all?.message).toMatch(/too short for 17 more\.$/);
  });

  it('tell connections to the entrypoint that get nowhere on some tries', () => {
    const findings = diagnose(redirect, ({ place }, index) =>
      place === 'entrypoint' && index === 7 ? 'unreachable' : 'answered',
    );
    expect(told(findings)).toContain('probe-share warn ConnectionsLost');
  });
});
