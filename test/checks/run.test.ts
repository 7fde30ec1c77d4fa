import { beforeAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/all.ts';
import type { Check } from '../../src/checks/check.types.ts';
import { chooseChecks } from '../../src/checks/choose.ts';
import { defineCheck } from '../../src/checks/define.ts';
import { docPageOf } from '../../src/checks/doc-pages.ts';
import { runChecks } from '../../src/checks/run.ts';
import type { DoctorWorld } from '../../src/checks/world.types.ts';
import { REFERENCES } from './reference/all.ts';
import { worldOf } from './world-of.ts';

let world: DoctorWorld;

beforeAll(async () => {
  world = await worldOf(REFERENCES['tke-native']);
});

type Saying = 'pass' | 'fail' | 'warn' | 'nothing' | 'break';

function check(id: string, says: Saying, parts: Partial<Pick<Check, 'causes' | 'needs'>> = {}): Check {
  return defineCheck({
    id,
    section: 'cluster',
    link: 'node',
    title: id,
    looksAt: '',
    docs: 'https://example.org/',
    needs: [],
    ...parts,
    reasons: { [id]: 'It is so.' },
    run: (_, say) => {
      if (says === 'break') throw new Error('out of order');
      if (says === 'nothing') return [];
      return says === 'pass' ? [say.pass('Fine.')] : [say[says](id, { message: 'It is so.', fix: 'Mend it.' })];
    },
  });
}

function verdictsOf(checks: readonly Check[]): unknown[] {
  return runChecks(checks, world).outcomes.map(({ verdict, followsFrom }) =>
    followsFrom === undefined ? verdict : [verdict, followsFrom],
  );
}

describe('runChecks', () => {
  it('names the first failed check that follows from no other', () => {
    const checks = [check('a', 'warn'), check('b', 'fail'), check('c', 'fail', { causes: ['b'] }), check('d', 'fail')];
    expect(verdictsOf(checks)).toEqual(['warn', 'fail', ['fail', 'b'], 'fail']);
    expect(runChecks(checks, world).brokenLink).toBe('b');
  });

  it('lets a failure follow only from one that failed, not from a warning', () => {
    expect(verdictsOf([check('a', 'warn'), check('b', 'fail', { causes: ['a'] })])).toEqual(['warn', 'fail']);
    expect(verdictsOf([check('a', 'fail'), check('b', 'warn', { causes: ['a'] })])).toEqual(['fail', ['warn', 'a']]);
    expect(verdictsOf([check('a', 'fail'), check('b', 'pass', { causes: ['a'] })])).toEqual(['fail', 'pass']);
  });

  it('knows no broken link where nothing fails', () => {
    expect(runChecks([check('a', 'warn'), check('b', 'break')], world).brokenLink).toBeUndefined();
  });

  it.each(['break', 'nothing'] as const)('makes a check that does %s unknown, and goes on', (says) => {
    const { outcomes } = runChecks([check('a', says), check('b', 'pass')], world);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(['unknown', 'pass']);
    expect(outcomes[0]?.findings.map(({ check: id, reason }) => [id, reason])).toEqual([['a', 'CheckBroke']]);
  });

  it('does not run a check that lacks what it needs, and names the missing right', async () => {
    const blind = await worldOf(REFERENCES['tke-native'], { unreadable: ['Node', 'Pod'] });
    const { outcomes } = runChecks([check('a', 'break', { needs: ['nodes', 'pods'] }), check('b', 'pass')], blind);
    expect(outcomes.map(({ verdict }) => verdict)).toEqual(['unknown', 'pass']);
    expect(outcomes[0]?.findings.map(({ reason, fix }) => [reason, fix])).toEqual([
      ['NotReadable', 'Give this account the right to list nodes.'],
      ['NotReadable', 'Give this account the right to list pods.'],
    ]);
  });
});

describe('every check', () => {
  it('comes to a verdict, not to a defect, where nothing at all may be read', async () => {
    const kinds = ['Node', 'Pod', 'Service', 'ConfigMap', 'Gateway', 'GatewayClass', 'DaemonSet', 'EndpointSlice'];
    const blind = await worldOf(REFERENCES['cce-overlay'], { unreadable: [...kinds, 'CustomResourceDefinition'] });
    const { outcomes, brokenLink } = runChecks(CHECKS, blind);
    const wrong = outcomes.filter(({ verdict, findings }) => verdict !== 'unknown' || findings.some(isDefect));
    expect(wrong.map(({ check: { id }, findings }) => [id, findings])).toEqual([]);
    expect(brokenLink).toBeUndefined();
  });

  it('comes to a verdict in an empty cluster', async () => {
    const empty = await worldOf({ ...REFERENCES['cce-overlay'], objects: [] });
    const { outcomes } = runChecks(CHECKS, empty);
    const wrong = outcomes.filter(({ verdict }) => verdict === 'fail' || verdict === 'warn');
    expect(wrong.map(({ check: { id }, findings }) => [id, findings])).toEqual([]);
    expect(outcomes.flatMap(({ findings }) => findings).filter(isDefect)).toEqual([]);
  });

  it('has an id in kebab-case, a page, and an id of its own', () => {
    expect(CHECKS.filter(({ id }) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(id))).toEqual([]);
    const pages = CHECKS.flatMap(({ docs }) => [docPageOf(docs, 'huawei'), docPageOf(docs, 'tencent')]);
    expect(pages.filter((page) => !page.startsWith('https://'))).toEqual([]);
    expect(new Set(CHECKS.map(({ id }) => id)).size).toBe(CHECKS.length);
  });
});

function isDefect({ reason }: { readonly reason: string }): boolean {
  return reason === 'CheckBroke';
}

describe('chooseChecks', () => {
  const checks = [check('kpr-off', 'pass'), check('l7-off', 'pass'), check('gateway-crds', 'pass')];
  const ids = (only: string[], skip: string[]): string[] => chooseChecks(checks, { only, skip }).map(({ id }) => id);

  it('takes all, only some, or all but some, in their order', () => {
    expect(ids([], [])).toEqual(['kpr-off', 'l7-off', 'gateway-crds']);
    expect(ids(['gateway-crds', 'kpr-off'], [])).toEqual(['kpr-off', 'gateway-crds']);
    expect(ids([], ['l7-off'])).toEqual(['kpr-off', 'gateway-crds']);
  });

  it('tells unknown ids, and the nearest one', () => {
    expect(() => ids(['kpr-of'], ['dns'])).toThrow(
      'command line: 2 problems\n  --only: no such check: kpr-of. Did you mean kpr-off?\n  --skip: no such check: dns. docs/doctor.md lists all of them.',
    );
    expect(() => ids(['kpr-off'], ['kpr-off'])).toThrow('--skip: leaves no check');
  });
});
