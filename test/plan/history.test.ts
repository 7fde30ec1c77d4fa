import { describe, expect, it } from 'vitest';
import { actionId, noteReverts, recordWrite, type WriteHistory } from '../../src/plan/history.ts';
import type { Action } from '../../src/plan/plan.types.ts';
import { action } from './build.ts';

const MINUTE = 60_000;
const POLICY = { reverts: 3, windowMs: 10 * MINUTE, durationMs: 30 * MINUTE };

/** A controller that writes whatever is planned and not held, and somebody who undoes it. */
function fight() {
  let history: WriteHistory = new Map();
  let writes = 0;
  return {
    writes: () => writes,
    history: () => history,
    /** A look finds the action due. Answers whether a hold-off began. */
    look: (planned: Action, now: number): boolean => {
      const noted = noteReverts(history, [planned], POLICY, now, () => 'rival');
      history = noted.history;
      return noted.started.length > 0;
    },
    write: (planned: Action): void => {
      history = recordWrite(history, planned);
      writes += 1;
    },
    held: (planned: Action, now: number): boolean => (history.get(actionId(planned))?.heldUntil ?? 0) > now,
  };
}

describe('a second writer', () => {
  it('is held off at exactly the third revert, for 30 minutes', () => {
    const one = fight();
    const wanted = action();
    const started = [0, 1, 2, 3].map((minute) => {
      const began = one.look(wanted, minute * MINUTE);
      if (!one.held(wanted, minute * MINUTE)) one.write(wanted);
      return began;
    });
    expect(started).toEqual([false, false, false, true]);
    expect(one.writes()).toBe(3);
    expect(one.history().get(actionId(wanted))).toMatchObject({ heldUntil: 33 * MINUTE, writer: 'rival' });
    expect([one.held(wanted, 33 * MINUTE - 1), one.held(wanted, 33 * MINUTE)]).toEqual([true, false]);
  });

  it('gets three more tries after the hold-off', () => {
    const one = fight();
    const wanted = action();
    let now = 0;
    for (let hold = 0; hold < 3; hold += 1) {
      const before = one.writes();
      while (!one.look(wanted, now)) {
        one.write(wanted);
        now += MINUTE;
      }
      expect(one.writes() - before).toBe(3);
      now += 30 * MINUTE;
    }
  });

  it('that takes its time is never held off', () => {
    const one = fight();
    const wanted = action();
    for (let round = 0; round < 20; round += 1) {
      expect(one.look(wanted, round * 6 * MINUTE)).toBe(false);
      one.write(wanted);
    }
  });

  it('of one field of two is seen, whichever it sets back', () => {
    const one = fight();
    one.write(action({ after: { a: 1, b: 2 } }));
    expect(one.look(action({ after: { a: 1 } }), 1)).toBe(false);
    one.write(action({ after: { a: 1 } }));
    expect(one.look(action({ after: { b: 2 } }), 2)).toBe(false);
    one.write(action({ after: { b: 2 } }));
    expect(one.look(action({ after: { a: 1 } }), 3)).toBe(true);
  });

  it('of an address is seen in publishing and in taking back', () => {
    const one = fight();
    const publish = action({ kind: 'publish-address', after: { ingress: 'x' } });
    const clear = action({ kind: 'clear-address', after: { ingress: undefined } });
    expect(actionId(publish)).toBe(actionId(clear));
    one.write(publish);
    one.look(clear, 1);
    expect(one.history().get(actionId(clear))?.reverts).toEqual([]);
  });
});

describe('no revert', () => {
  it('is the first write of a value', () => {
    const one = fight();
    expect(one.look(action(), 0)).toBe(false);
    expect(one.history().size).toBe(0);
  });

  it('is another value that is wanted, and the count starts anew with it', () => {
    const one = fight();
    const values = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => action({ after: { field: value } }));
    for (const [index, wanted] of values.entries()) {
      expect(one.look(wanted, index)).toBe(false);
      one.write(wanted);
    }
    expect([...one.history().values()].map(({ reverts }) => reverts)).toEqual([[]]);
  });

  it('is the same value after another one in between', () => {
    const one = fight();
    for (const value of ['a', 'b', 'a', 'b', 'a', 'b', 'a']) {
      expect(one.look(action({ after: { field: value } }), 0)).toBe(false);
      one.write(action({ after: { field: value } }));
    }
  });

  it('is counted twice while the write is not made: failures, pauses, repeated looks', () => {
    const one = fight();
    one.write(action());
    for (let look = 0; look < 10; look += 1) expect(one.look(action(), look)).toBe(false);
    expect(one.history().get(actionId(action()))?.reverts).toEqual([0]);
  });

  it('is the same write to another object, or another kind of write', () => {
    const one = fight();
    one.write(action());
    one.look(action({ uid: 'uid-2' }), 1);
    one.look(action({ kind: 'pin-node-port' }), 1);
    expect([...one.history().values()].flatMap(({ reverts }) => reverts)).toEqual([]);
  });

  it('is a write to an object that was made anew: a new uid is a new story', () => {
    expect(actionId(action({ uid: 'a' }))).not.toBe(actionId(action({ uid: 'b' })));
    expect(actionId(action({ uid: '', name: 'a' }))).not.toBe(actionId(action({ uid: '', name: 'b' })));
  });
});
