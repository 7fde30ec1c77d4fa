import { describe, expect, it } from 'vitest';
import { ENVOY_CONFIGS } from '../../src/kube/resources.ts';
import type { RawObject } from '../../src/kube/types.ts';
import type { Prepared } from '../../src/plan/apply.ts';
import { finding } from '../../src/plan/make.ts';
import type { CopyRequest } from '../../src/plan/plan.types.ts';
import { action, kubeError, scriptedClient } from '../plan/build.ts';
import { settled, startLoop } from './harness.ts';

const MINUTE = 60_000;
/** A pass waits so long for writes under way, milliseconds. */
const WRITES_FIRST = 20;
const a = action({ uid: 'a', name: 'a' });
const b = action({ uid: 'b', name: 'b' });
const other = action({ uid: 'c', name: 'c', key: 'Gateway default/api' });

/** Answers that the test gives one by one. */
function byHand() {
  const waiting: PromiseWithResolvers<RawObject>[] = [];
  return {
    answer: () => {
      const one = Promise.withResolvers<RawObject>();
      waiting.push(one);
      return one.promise;
    },
    next: async () => {
      waiting.shift()?.resolve({});
      await settled();
    },
    open: () => waiting.length,
  };
}

describe('when the loop looks', () => {
  it('once at the start, and again when something changed', async () => {
    const loop = startLoop();
    await settled();
    expect(loop.cluster.looks).toBe(1);
    loop.wake();
    await settled();
    expect(loop.cluster.looks).toBe(2);
  });

  it('once for a burst of changes', async () => {
    const loop = startLoop();
    await settled();
    for (let change = 0; change < 100; change += 1) loop.wake();
    await settled();
    expect(loop.cluster.looks).toBe(2);
  });

  it('once more for what changes during a look', async () => {
    const loop = startLoop();
    await settled();
    loop.cluster.duringLook = () => {
      loop.cluster.duringLook = () => Promise.resolve();
      for (let change = 0; change < 10; change += 1) loop.wake();
      return Promise.resolve();
    };
    loop.wake();
    await settled();
    expect(loop.cluster.looks).toBe(3);
  });

  it('after the time of a full pass, if nothing happens', async () => {
    const loop = startLoop();
    await settled();
    await loop.pass(10 * MINUTE - 1);
    expect(loop.cluster.looks).toBe(1);
    await loop.pass(1);
    expect(loop.cluster.looks).toBe(2);
  });

  it('earlier where the plan asks for it', async () => {
    const loop = startLoop();
    loop.cluster.nextLookMs = 7_000;
    await loop.become();
    const { looks } = loop.cluster;
    await loop.pass(7_000);
    expect(loop.cluster.looks).toBe(looks + 1);
  });

  it('a second after a look failed, and does not end', async () => {
    const loop = startLoop();
    loop.cluster.duringLook = () => Promise.reject(new Error('no answer'));
    loop.wake();
    await settled();
    expect(loop.log.messages('error')).toContain('a pass failed');
    loop.cluster.duringLook = () => Promise.resolve();
    await loop.become(a);
    expect(loop.written()).toEqual(['a']);
  });

  it('with a rest after long passes, so that changes without end keep no core busy', async () => {
    const loop = startLoop();
    await settled();
    loop.cluster.duringLook = () => {
      loop.clock.advance(200);
      return Promise.resolve();
    };
    for (let change = 0; change < 5; change += 1) {
      loop.wake();
      await settled();
    }
    expect(loop.cluster.looks).toBe(4); // the first and three long ones
    const [rest = 0] = loop.clock.sleeping();
    expect(rest).toBeGreaterThanOrEqual(100);
    await loop.pass(rest);
    expect(loop.cluster.looks).toBe(5);
  });

  it('once a second while a long queue is worked off', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(
      ...Array.from({ length: 150 }, (_, index) => action({ uid: `n${index}`, key: `Node n${index}` })),
    );
    const looks = loop.cluster.looks;
    loop.wake();
    await settled();
    await loop.pass(900);
    expect(loop.cluster.looks).toBe(looks);
    await loop.pass(100);
    await loop.pass(WRITES_FIRST);
    expect(loop.cluster.looks).toBe(looks + 1);
  });

  it('when the writes under way have ended, which would show it the same again', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(a);
    const { looks } = loop.cluster;
    loop.wake();
    await settled();
    expect(loop.cluster.looks).toBe(looks);
    await server.next();
    expect(loop.cluster.looks).toBe(looks + 1);
  });

  it('in spite of a write that does not end', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(a);
    loop.wake();
    await settled();
    await loop.pass(WRITES_FIRST);
    await loop.become(a, other);
    await loop.pass(WRITES_FIRST);
    expect(loop.written()).toEqual(['a', 'c']);
  });
});

describe('writes', () => {
  it('of one subject are made in order, one at a time', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(a, b);
    expect(loop.written()).toEqual(['a']);
    loop.wake();
    await settled();
    expect(loop.written()).toEqual(['a']);
    await server.next();
    expect(loop.written()).toEqual(['a', 'b']);
  });

  it('of one subject go on as soon as the watch shows the one before, and end when each has its answer', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(a, b);
    loop.cluster.shown.add('a');
    loop.wake();
    await settled();
    expect(loop.written()).toEqual(['a', 'b']);
    loop.stop.abort();
    await settled();
    await server.next();
    expect(loop.hasEnded()).toBe(false);
    await server.next();
    expect(loop.hasEnded()).toBe(true);
    expect(loop.told).toEqual(['applied a', 'applied b']);
  });

  it('that the watch shows are tried again all the same when their answer says that they failed', async () => {
    const first = Promise.withResolvers<RawObject>();
    const loop = startLoop({ answer: ({ name }) => (name === 'a' ? first.promise : Promise.resolve({})) });
    await loop.become(a, b);
    loop.cluster.shown.add('a');
    loop.wake();
    await settled();
    first.reject(kubeError('timeout'));
    await settled();
    expect(loop.log.lines.map(({ message }) => message)).toContain('a write failed and is tried again');
    expect(loop.written()).toEqual(['a', 'b']);
    await loop.pass(MINUTE);
    expect(loop.written()).toEqual(['a', 'b', 'a']);
  });

  it('that the watch shows are told of and backed off when their answer breaks the program, even where the next one is refused', async () => {
    const answers = { a: Promise.withResolvers<RawObject>(), b: Promise.withResolvers<RawObject>() };
    const loop = startLoop({ answer: ({ name }) => (name === 'a' ? answers.a : answers.b).promise });
    await loop.become(a, b);
    loop.cluster.shown.add('a');
    loop.wake();
    await settled();
    answers.a.reject(new TypeError('a mistake of ours'));
    answers.b.reject(kubeError('forbidden'));
    await settled();
    expect(loop.log.lines.map(({ message }) => message)).toContain('a write could not be carried out');
    expect(loop.written()).toEqual(['a', 'b']); // and it is not tried again at once
  });

  it('of several subjects are made side by side', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(a, other);
    expect(loop.written()).toEqual(['a', 'c']);
  });

  it('are at most 16 at a time, and the rest follows', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    const many = Array.from({ length: 40 }, (_, index) =>
      action({ uid: `u${index}`, name: `n${index}`, key: `Gateway default/${index}` }),
    );
    await loop.become(...many);
    expect(server.open()).toBe(16);
    await server.next();
    expect([server.open(), loop.written()]).toEqual([16, many.slice(0, 17).map(({ target }) => target.name)]);
    for (let rest = 0; rest < 39; rest += 1) await server.next();
    expect(new Set(loop.written()).size).toBe(40);
    expect(loop.written()).toHaveLength(40);
  });

  it('planned while another write of their subject was under way are not made: the look may be older than that write', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(a);
    const looking = Promise.withResolvers<void>();
    loop.cluster.duringLook = () => {
      loop.cluster.duringLook = () => Promise.resolve();
      return looking.promise;
    };
    loop.wake();
    await settled();
    await loop.pass(WRITES_FIRST);
    const stale = loop.cluster.due;
    await server.next();
    loop.cluster.due = stale;
    loop.cluster.duringLook = () => {
      loop.cluster.due = [];
      return Promise.resolve();
    };
    looking.resolve();
    await settled();
    expect(loop.written()).toEqual(['a']);
  });

  it('are told once, in the log and as Events', async () => {
    const loop = startLoop();
    await loop.become(a);
    expect(loop.log.lines.filter(({ level }) => level === 'info')).toMatchObject([
      {
        message: 'Try something.',
        fields: { action: 'publish-address', reason: 'Tried', object: 'Service default/a' },
      },
    ]);
    expect(loop.told).toEqual([]); // what follows the write comes first
    await loop.pass(250);
    expect(loop.told).toEqual(['applied a']);
  });

  it('that no longer rest on the newest that is known are skipped', async () => {
    const loop = startLoop();
    loop.cluster.admits = false;
    loop.cluster.due = [a];
    await settled();
    loop.stop.abort();
    expect(loop.written()).toEqual([]);
    await loop.ended;
  });
});

describe('who does not lead', () => {
  it('writes nothing, and does when it leads', async () => {
    const loop = startLoop();
    loop.cluster.leader = false;
    await loop.become(a);
    expect(loop.written()).toEqual([]);
    loop.cluster.leader = true;
    await loop.become(a);
    expect(loop.written()).toEqual(['a']);
  });

  it('any more, ends in the middle of a subject', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(a, b);
    loop.cluster.leader = false;
    await server.next();
    expect(loop.written()).toEqual(['a']);
  });

  it('tells nothing', async () => {
    const loop = startLoop();
    loop.cluster.leader = false;
    loop.cluster.findings = [finding('x', 'fail', { reason: 'Broken', target: a.target, message: 'Broken.' })];
    await loop.become();
    await loop.pass(MINUTE);
    expect([loop.told, loop.log.messages('warn')]).toEqual([[], []]);
  });
});

describe('a graceful stop', () => {
  it('keeps back a write whose bulk is still being read', async () => {
    const read = Promise.withResolvers<Prepared>();
    const ref = { namespace: 'kube-system', name: 'a' };
    const client = scriptedClient(() => Promise.resolve({}));
    const ports = { client, fieldManager: 'test', mayWrite: () => true, prepare: () => read.promise };
    const request = { verb: 'copy', resource: ENVOY_CONFIGS, ref } as CopyRequest;
    const loop = startLoop({ options: { ports } });
    await loop.become(action({ name: 'a', parts: { request } }));
    loop.stop.abort();
    await settled();
    const patch = { type: 'merge', body: {} } as const;
    read.resolve({ request: { verb: 'patch', resource: ENVOY_CONFIGS, ref, patch }, newer: undefined });
    await loop.ended;
    expect(client.sent).toEqual([]);
  });

  it('lets the write under way end, and begins no other, not even of the same subject', async () => {
    const server = byHand();
    const loop = startLoop({ answer: server.answer });
    await loop.become(a, b);
    loop.stop.abort();
    await settled();
    expect(loop.hasEnded()).toBe(false);
    await server.next();
    await loop.ended;
    expect(loop.written()).toEqual(['a']);
    expect(loop.told).toEqual(['applied a']);
  });

  it('ends at once when nothing is under way', async () => {
    const loop = startLoop();
    await settled();
    loop.stop.abort();
    await loop.ended;
    expect(loop.clock.sleeping()).toEqual([]);
  });

  it('ends what does not end by itself when the time is over', async () => {
    const loop = startLoop({
      answer: ({ options }) =>
        new Promise((_, reject) => {
          const { signal } = options as { signal: AbortSignal };
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    });
    await loop.become(a);
    loop.stop.abort();
    await settled();
    loop.hardStop.abort();
    await loop.ended;
    expect(loop.log.messages('error')).toEqual([]);
  });
});

describe('findings', () => {
  const broken = finding('entrypoint', 'fail', {
    reason: 'Broken',
    target: a.target,
    message: 'It is broken.',
    fix: 'Mend it.',
  });

  it('are told once they stood for five seconds, and once when they are gone', async () => {
    const loop = startLoop();
    loop.cluster.findings = [broken];
    await loop.become();
    expect(loop.told).toEqual([]);
    await loop.pass(5_000);
    await loop.pass(MINUTE);
    expect(loop.told).toEqual(['finding Broken']);
    expect(loop.log.messages('warn')).toEqual(['It is broken.']);
    loop.cluster.findings = [];
    await loop.become();
    expect(loop.log.messages('info')).toEqual(['No longer so: It is broken.']);
  });
});

describe('when the configuration changes', () => {
  const readOnly = { readOnly: true, resyncMs: 10 * MINUTE };

  it('while the loop looks, what was planned is not written: it looks again first', async () => {
    const loop = startLoop();
    await settled();
    loop.cluster.duringLook = () => {
      loop.cluster.duringLook = () => Promise.resolve();
      loop.cluster.config = readOnly;
      return Promise.resolve();
    };
    await loop.become(a, other);
    await loop.pass(1);
    expect(loop.written()).toEqual([]);
    expect(loop.cluster.looks).toBe(3);
    loop.cluster.config = { readOnly: false, resyncMs: 10 * MINUTE };
    loop.wake();
    await settled();
    expect(loop.written()).toEqual(['a', 'c']);
  });

  it('between two writes of a subject, the second is not sent', async () => {
    const { answer, next } = byHand();
    const loop = startLoop({ answer });
    await loop.become(a, b);
    expect(loop.written()).toEqual(['a']);
    loop.cluster.config = readOnly;
    loop.wake();
    await next();
    await loop.pass(10 * MINUTE);
    expect(loop.written()).toEqual(['a']);
  });

  it('what waits for its turn is dropped, even before the next look', async () => {
    const { answer, next } = byHand();
    const many = Array.from({ length: 40 }, (_, i) =>
      action({ uid: `u${i}`, name: `u${i}`, key: `Gateway default/${i}` }),
    );
    const loop = startLoop({ answer });
    await loop.become(...many);
    const sent = loop.written().length;
    expect(sent).toBeLessThan(40);
    loop.cluster.duringLook = () => new Promise(() => undefined); // the next look takes its time
    loop.cluster.config = readOnly;
    for (let done = 0; done < sent; done += 1) await next();
    expect(loop.written()).toHaveLength(sent);
  });
});
