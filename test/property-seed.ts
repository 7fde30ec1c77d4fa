import fc from 'fast-check';

/*
 * Property tests run from one seed, so that a run of today and one of tomorrow see the same cases. FC_SEED=random, or a
 * number that a failure printed, explores others; FC_RUNS makes more of them.
 */
const asked = process.env.FC_SEED;
const seed = asked === undefined ? 20_261_122 : asked === 'random' ? Date.now() & 0x7fffffff : Number(asked);
if (asked !== undefined) process.stderr.write(`property tests run from seed ${seed}\n`);
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });
