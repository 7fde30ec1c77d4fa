import { describe, expect, it } from 'vitest';
import { buildReport, exitCodeOf } from '../../src/cli/report.ts';
import type { Outcome } from '../../src/plan/plan.types.ts';
import { action, ENTRYPOINT, GATEWAY, HOLE, input, NO_ENTRYPOINT, PUBLISH, SYNC_PORT } from './report-fixture.ts';

const DRY_RUN = { reason: 'DryRun', message: 'This is a dry run.' };

function outcome(status: Outcome['status'], reason = '', message = ''): Outcome {
  return { action: SYNC_PORT, status, reason, message };
}

describe('buildReport', () => {
  it('takes what a dry run declines as pending, in the order of the plan', () => {
    const report = buildReport(
      input({
        actions: [SYNC_PORT, PUBLISH],
        declined: [
          { action: PUBLISH, ...DRY_RUN },
          { action: SYNC_PORT, ...DRY_RUN },
        ],
      }),
    );
    expect(report.actions.map(({ reason, outcome: { status } }) => [reason, status])).toEqual([
      ['TargetPortSynced', 'pending'],
      ['AddressPublished', 'pending'],
    ]);
    expect(report.exitCode).toBe(2);
    expect(report.summary.text).toBe('2 writes planned. Dry run: nothing was written.');
  });

  it('gives each action its outcome, and adds those of later passes', () => {
    const later = action(ENTRYPOINT, [{ field: 'spec.ports[443].targetPort', before: 1, after: 2 }]);
    const report = buildReport(
      input({
        mode: 'once',
        actions: [SYNC_PORT, PUBLISH],
        outcomes: [outcome('applied'), { ...outcome('applied'), action: later }],
        declined: [{ action: PUBLISH, reason: 'Paused', message: 'Gateway default/ip-gateway is paused.' }],
      }),
    );
    expect(report.actions.map(({ outcome }) => outcome)).toEqual([
      { status: 'applied', reason: '', message: '' },
      { status: 'declined', reason: 'Paused', message: 'Gateway default/ip-gateway is paused.' },
      { status: 'applied', reason: '', message: '' },
    ]);
    expect(report.summary).toEqual({
      inSync: 0,
      applied: 2,
      pending: 0,
      declined: 1,
      failed: 0,
      failFindings: 0,
      warnFindings: 0,
      unknownFindings: 0,
      text: '2 writes done, 1 write declined.',
    });
  });

  it('counts a subject as in sync only when it has neither a write nor a failing finding', () => {
    const subjects = ['Gateway default/z', 'Gateway default/ip-gateway', 'Gateway default/other', 'Gateway default/a'];
    const report = buildReport(input({ subjects, actions: [SYNC_PORT], findings: [NO_ENTRYPOINT, HOLE] }));
    expect(report.inSync).toEqual(['Gateway default/a', 'Gateway default/z']);
  });

  it('of a command that was stopped says what was written and what was not, with code 1', () => {
    const report = buildReport(
      input({ mode: 'once', actions: [SYNC_PORT, PUBLISH], outcomes: [outcome('applied')], stopped: true }),
    );
    expect(report.actions.map(({ outcome: { status } }) => status)).toEqual(['applied', 'pending']);
    expect(report.summary.text).toBe('1 write done, 1 write planned. Stopped early: run it again.');
    expect(report.exitCode).toBe(1);
  });

  it('says what it is about', () => {
    expect(buildReport(input({ context: undefined }))).toEqual({
      schemaVersion: 1,
      program: { name: 'cilium-cloud-bridge', version: '0.1.0' },
      server: 'https://10.0.0.1:6443',
      context: null,
      mode: 'dry-run',
      startedAt: '2026-11-21T12:00:00.000Z',
      inSync: [],
      actions: [],
      nodes: [],
      findings: [],
      summary: {
        inSync: 0,
        applied: 0,
        pending: 0,
        declined: 0,
        failed: 0,
        failFindings: 0,
        warnFindings: 0,
        unknownFindings: 0,
        text: 'Nothing to do.',
      },
      exitCode: 0,
    });
  });

  it('shows no secret, wherever it stands', () => {
    const leaky = action(
      ENTRYPOINT,
      [
        { field: 'metadata.annotations[example.com/token]', before: 'hunter2', after: undefined },
        { field: 'spec', before: undefined, after: { password: 'hunter2', list: [{ secretKey: 'hunter2' }] } },
      ],
      { message: 'Authorization: Bearer hunter2' },
    );
    const report = buildReport(
      input({
        server: 'https://user:hunter2@10.0.0.1',
        outcomes: [{ action: leaky, status: 'failed', reason: 'unreachable', message: 'token=hunter2' }],
        findings: [{ ...HOLE, message: 'password=hunter2', fix: 'token=hunter2', evidence: { token: 'hunter2' } }],
      }),
    );
    expect(JSON.stringify(report)).not.toContain('hunter2');
  });

  it('keeps null, and leaves out what was not there', () => {
    const change = action(ENTRYPOINT, [
      { field: 'a', before: null, after: undefined },
      { field: 'b', before: undefined, after: false },
    ]);
    expect(buildReport(input({ actions: [change] })).actions[0]?.changes).toEqual([
      { field: 'a', before: null },
      { field: 'b', after: false },
    ]);
  });
});

describe('exitCodeOf', () => {
  const pass = { ...HOLE, verdict: 'pass', target: GATEWAY } as const;

  it.each([
    [0, [], []],
    [0, ['applied'], []],
    [0, ['applied'], [{ ...pass }, HOLE, { ...pass, verdict: 'unknown' }, { ...pass, verdict: 'not-applicable' }]],
    [2, ['pending'], []],
    [2, ['applied', 'declined'], []],
    [2, ['conflict'], []],
    [2, ['applied'], [NO_ENTRYPOINT]],
    [1, ['applied', 'refused'], []],
    [1, ['failed', 'pending'], [NO_ENTRYPOINT]],
  ] as const)('is %i for outcomes %j', (code, statuses, findings) => {
    const actions = statuses.map((status) => ({ outcome: { status, reason: '', message: '' } }));
    expect(exitCodeOf(actions, findings)).toBe(code);
  });
});
