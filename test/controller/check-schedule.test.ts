import { describe, expect, it } from 'vitest';
import type { Check, CheckOutcome, Diagnosis } from '../../src/checks/check.types.ts';
import type { Announcer } from '../../src/controller/announcer.ts';
import { type CheckScheduleOptions, createCheckSchedule } from '../../src/controller/check-schedule.ts';
import { readMeta } from '../../src/kube/read.ts';
import { NODES } from '../../src/kube/resources.ts';
import { finding, targetOf } from '../../src/plan/make.ts';
import type { Finding, Verdict } from '../../src/plan/plan.types.ts';
import { fakeClock } from '../kube/fake-clock.ts';
import { recordLog } from '../kube/recorded-log.ts';

const MINUTE = 60_000;
const NODE = targetOf(NODES, readMeta({ metadata: { name: 'n1', uid: 'u1' } }));

function found(check: string, verdict: Verdict, reason: string, message = `${reason}.`): Finding {
  const target = verdict === 'unknown' ? undefined : NODE;
  return finding(check, verdict, { reason, target, message, fix: 'Mend it.' });
}

function diagnosis(...findings: readonly Finding[]): Diagnosis {
  const outcomes = findings.map((one): CheckOutcome => {
    const check: Check = {
      id: one.check,
      section: 'cluster',
      link: 'node',
      title: '',
      looksAt: '',
      docs: 'https://example.org/',
      causes: [],
      needs: [],
      reasons: {},
      run: () => [one],
    };
    return { check, findings: [one], verdict: one.verdict, followsFrom: undefined };
  });
  return { outcomes, brokenLink: undefined };
}

function start(options: Partial<CheckScheduleOptions> = {}) {
  const clock = fakeClock();
  const log = recordLog();
  const events: string[] = [];
  const announcer: Announcer = {
    applied: () => undefined,
    refused: () => undefined,
    finding: ({ reason }, { name }) => events.push(`${reason} ${name}`),
    holdOff: () => undefined,
  };
  const cluster = { looks: 0, says: diagnosis(), fails: undefined as Error | undefined };
  const stop = new AbortController();
  const term = new AbortController();
  const schedule = createCheckSchedule({
    diagnose: async () => {
      cluster.looks += 1;
      if (cluster.fails !== undefined) throw cluster.fails;
      return cluster.says;
    },
    config: () => ({ enabled: true, intervalMs: 10 * MINUTE }),
    onConfigChange: () => () => undefined,
    whenLeader: (signal) =>
      term.signal.aborted
        ? new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true });
          })
        : Promise.resolve(term.signal),
    isTold: () => false,
    clock,
    logger: log,
    announcer,
    random: () => 0.5,
    ...options,
  });
  const running = schedule.run(stop.signal);
  /** Lets so many minutes pass, one after the other. */
  const pass = async (minutes: number): Promise<void> => {
    for (let minute = 0; minute < minutes; minute += 1) {
      clock.advance(MINUTE);
      await settle();
    }
  };
  const end = async (): Promise<void> => {
    stop.abort(new Error('stopped'));
    await running;
  };
  return { schedule, clock, log, events, cluster, term, pass, end };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('createCheckSchedule', () => {
  it('looks a fifth of the interval after the start, then once an interval', async () => {
    const { cluster, pass, end } = start();
    await settle();
    await pass(2);
    expect(cluster.looks).toBe(0);
    await pass(1);
    expect(cluster.looks).toBe(1);
    await pass(9);
    expect(cluster.looks).toBe(1);
    await pass(51);
    expect(cluster.looks).toBe(7);
    await end();
  });

  it.each([
    { callsALook: 45, minutes: 60, looks: 6 },
    { callsALook: 150, minutes: 100, looks: 4 },
    { callsALook: 100_000, minutes: 190, looks: 4 },
  ])(
    'rests as long as $callsALook requests a look ask for, an hour at most',
    async ({ callsALook, minutes, looks }) => {
      const counted = { calls: 0 };
      const { cluster, pass, end } = start({
        diagnose: async () => {
          counted.calls += callsALook;
          cluster.looks += 1;
          return diagnosis();
        },
        callsMade: () => counted.calls,
      });
      await settle();
      await pass(minutes);
      expect(cluster.looks).toBe(looks);
      await end();
    },
  );

  it('tells what is new once it stood for a minute, once, and its end', async () => {
    const { cluster, log, events, pass, end } = start();
    cluster.says = diagnosis(found('agents-ready', 'fail', 'AgentOnNodeNotReady'), found('kpr-off', 'pass', 'Fine'));
    await settle();
    await pass(3);
    expect([cluster.looks, events]).toEqual([1, []]);
    await pass(1);
    expect([cluster.looks, events]).toEqual([2, ['AgentOnNodeNotReady n1']]);
    await pass(30);
    expect(log.messages('warn')).toEqual(['AgentOnNodeNotReady.']);
    expect(log.lines.find(({ level }) => level === 'warn')?.fields).toEqual({
      check: 'agents-ready',
      reason: 'AgentOnNodeNotReady',
      verdict: 'fail',
      object: 'Node n1',
      fix: 'Mend it.',
    });
    cluster.says = diagnosis();
    await pass(11);
    expect(log.messages('info')).toEqual(['No longer so: AgentOnNodeNotReady.']);
    expect(events).toHaveLength(1);
    await end();
  });

  it('does not tell what was gone a minute later', async () => {
    const { cluster, log, events, pass, end } = start();
    cluster.says = diagnosis(found('agents-ready', 'fail', 'AgentOnNodeNotReady'));
    await settle();
    await pass(3);
    cluster.says = diagnosis();
    await pass(20);
    expect([events, log.lines]).toEqual([[], []]);
    await end();
  });

  it('reads at most twice as often where something new happens all the time', async () => {
    const { cluster, pass, end } = start({
      diagnose: async () => {
        cluster.looks += 1;
        return diagnosis(found('agents-ready', 'fail', `Reason${cluster.looks}`));
      },
    });
    await settle();
    await pass(120);
    expect(cluster.looks).toBeGreaterThan(10);
    expect(cluster.looks).toBeLessThanOrEqual(24);
    await end();
  });

  it('says once what several checks cannot tell, and makes no Event of it', async () => {
    const { cluster, log, events, pass, end } = start();
    const why = 'The cloud was not asked: no credentials.';
    cluster.says = diagnosis(
      found('lb-exists', 'unknown', 'CloudNotAsked', why),
      found('nat-gateway', 'unknown', 'CloudNotAsked', why),
    );
    await settle();
    await pass(30);
    expect(log.messages('info')).toEqual([why]);
    expect(log.lines[0]?.fields.checks).toEqual(['lb-exists', 'nat-gateway']);
    expect([log.messages('warn'), events]).toEqual([[], []]);
    await end();
  });

  it('leaves out what a loop told already', async () => {
    const { cluster, events, pass, end } = start({ isTold: ({ reason }) => reason === 'Told' });
    cluster.says = diagnosis(found('a', 'fail', 'Told'), found('b', 'fail', 'New'));
    await settle();
    await pass(30);
    expect(events).toEqual(['New n1']);
    await end();
  });

  it('keeps the last result, and says when the checks could not be run', async () => {
    const { schedule, cluster, log, pass, end } = start();
    expect(schedule.last()).toBeUndefined();
    cluster.fails = new Error('no connection');
    await settle();
    await pass(3);
    expect(schedule.last()).toMatchObject({ diagnosis: undefined, error: 'no connection' });
    expect(log.messages('warn')).toEqual(['the checks could not be run']);
    cluster.fails = undefined;
    cluster.says = diagnosis(found('a', 'fail', 'New'));
    await pass(12);
    expect(schedule.last()).toMatchObject({ diagnosis: cluster.says, error: '' });
    await end();
  });

  it('neither reads nor tells while another process leads', async () => {
    const { cluster, term, pass, end } = start();
    await settle();
    await pass(3);
    term.abort(new Error('the lease was lost'));
    await settle();
    await pass(60);
    expect(cluster.looks).toBe(1);
    await end();
  });

  it('follows its configuration: off, on again and more often take effect at once', async () => {
    let config = { enabled: true, intervalMs: 10 * MINUTE };
    const listeners = new Set<() => void>();
    const change = async (next: typeof config): Promise<void> => {
      config = next;
      for (const listener of listeners) listener();
      await settle();
    };
    const onConfigChange = (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    };
    const { cluster, pass, end } = start({ config: () => config, onConfigChange });
    await settle();
    await change({ enabled: false, intervalMs: 10 * MINUTE });
    await pass(60);
    expect(cluster.looks).toBe(0);
    await change({ enabled: true, intervalMs: 10 * MINUTE });
    await pass(4);
    expect(cluster.looks).toBe(1);
    await change({ enabled: true, intervalMs: 2 * MINUTE });
    await pass(10);
    expect(cluster.looks).toBeGreaterThanOrEqual(4);
    expect(listeners.size).toBe(1);
    await end();
    expect(listeners.size).toBe(0);
  });
});
