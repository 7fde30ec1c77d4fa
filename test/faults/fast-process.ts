/*
 * Loaded before the program (`node --import`): time runs FAST_FACTOR times faster for its process, counted from
 * FAST_EPOCH, so that all processes of a test agree on what time it is. The program itself is the one that users run.
 */

const factor = Number(process.env.FAST_FACTOR ?? 1);
const epoch = Number(process.env.FAST_EPOCH ?? Date.now());
const { setTimeout: slowTimeout, setInterval: slowInterval } = globalThis;
const realNow = Date.now;
const realMonotonic = performance.now.bind(performance);

type Callback = (...args: unknown[]) => void;

Object.assign(globalThis, {
  setTimeout: (callback: Callback, ms = 0, ...rest: unknown[]) => slowTimeout(callback, ms / factor, ...rest),
  setInterval: (callback: Callback, ms = 0, ...rest: unknown[]) => slowInterval(callback, ms / factor, ...rest),
});
Date.now = () => Math.round(epoch + (realNow() - epoch) * factor);
performance.now = () => realMonotonic() * factor;
