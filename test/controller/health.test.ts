import { describe, expect, it, test } from 'vitest';
import { healthAnswer, loopCheck, STALE_MS, watchCheck } from '../../src/controller/health.ts';
import { KubeError, type KubeErrorCategory } from '../../src/kube/errors.ts';
import type { CacheState } from '../../src/kube/watch.types.ts';

const NOW = 1_000_000;

function state(given: Partial<CacheState> = {}): CacheState {
  return {
    synced: true,
    served: true,
    listsCompleted: 1,
    lastListAt: NOW,
    lastEventAt: NOW,
    unreadable: 0,
    unproven: false,
    watchesOpened: 1,
    failures: 0,
    error: undefined,
    ...given,
  };
}

function failing(category: KubeErrorCategory): Partial<CacheState> {
  return { error: new KubeError('LIST things: no', { category, status: 0, reason: '', operation: 'LIST things' }) };
}

const UNREAD = { synced: false, served: false, lastEventAt: undefined, lastListAt: undefined };

describe('a watch', () => {
  it.each<[string, CacheState, string | undefined]>([
    ['that just heard something is current', state(), undefined],
    ['that was silent for as long as one may be is current', state({ lastEventAt: NOW - STALE_MS }), undefined],
    ['that was silent for longer is stale', state({ lastEventAt: NOW - 190_000 }), 'no sign of life for 190 s'],
    [
      'that is stale says what its last try met',
      state({ lastEventAt: NOW - 200_000, ...failing('timeout') }),
      'no sign of life for 200 s: timeout',
    ],
    [
      'that failed a moment ago is current still',
      state({ lastEventAt: NOW - 5_000, ...failing('unreachable') }),
      undefined,
    ],
    [
      'that was refused after it had read is stale in the end',
      state({ lastEventAt: 0, ...failing('forbidden') }),
      'no sign of life for 1000 s: forbidden',
    ],
    ['that has not read anything is not current', state(UNREAD), 'not read yet'],
    [
      'whose first list fails is not current',
      state({ ...UNREAD, ...failing('unavailable') }),
      'not read yet: unavailable',
    ],
    ['of a kind that is not served is no trouble', state({ ...UNREAD, ...failing('not-served') }), undefined],
    ['of a kind that may not be read is no trouble', state({ ...UNREAD, ...failing('forbidden') }), undefined],
  ])('%s', (_, given, failure) => {
    expect(watchCheck('gateways/services', given, NOW)).toEqual({ name: 'watch/gateways/services', failure });
  });
});

describe('a loop', () => {
  it.each<[string, number | undefined, string | undefined]>([
    ['that is due later turns', NOW + 1, undefined],
    ['that is late by less than a minute may wait for the processor', NOW - 59_000, undefined],
    ['that is late by more does not turn', NOW - 61_000, 'it should have turned 61 s ago'],
    ['that does not run yet is no trouble', undefined, undefined],
  ])('%s', (_, turnsBy, failure) => {
    expect(loopCheck('taints', { queued: 0, running: 0, heldOff: 0, turnsBy }, NOW).failure).toBe(failure);
  });
});

test.each([
  ['well', [{ name: 'ping', failure: undefined }], false, 'ok\n'],
  ['well, every check asked for', [{ name: 'ping', failure: undefined }], true, '[+]ping ok\nreadyz check passed\n'],
  [
    'not well, every check told unasked',
    [
      { name: 'ping', failure: undefined },
      { name: 'watch/gateways/services', failure: 'no sign of life for 190 s' },
    ],
    false,
    '[+]ping ok\n[-]watch/gateways/services failed: no sign of life for 190 s\nreadyz check failed\n',
  ],
])('the answer of a page: %s', (_, checks, verbose, text) => {
  expect(healthAnswer('readyz', checks, verbose)).toEqual({
    isHealthy: checks.every(({ failure }) => failure === undefined),
    text,
  });
});
