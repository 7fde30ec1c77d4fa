import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { configJsonSchema } from '../../src/config/schema.ts';
import { allKeyPaths } from '../../src/config/walk.ts';
import { UsageError } from '../../src/lib/errors.ts';

/** Whether the text is taken; any error that is not a UsageError fails the test. */
function isTaken(text: string): boolean {
  try {
    parseConfig(text, 'c.yaml');
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    expect(error instanceof UsageError && error.problems.length > 0).toBe(true);
    return false;
  }
}

describe('a configuration of garbage', () => {
  it('is refused with a UsageError, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        isTaken(text);
      }),
      { numRuns: 200 },
    );
  });

  it('is refused with a UsageError, whatever characters YAML cares about', () => {
    const unit = fc.constantFrom(...'{}[]:,-?&*!|>%@`"\'#\n\t ~<=a1.', 'gateway', 'adopt');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
        isTaken(text);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused with a UsageError, whatever the values of known keys', () => {
    const paths = allKeyPaths();
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.json({ maxDepth: 3 }), (path, json) => {
        const value: unknown = JSON.parse(json);
        const nested = path.toReversed().reduce<unknown>((inner, key) => ({ [key]: inner }), value);
        isTaken(JSON.stringify(nested));
      }),
      { numRuns: 500 },
    );
  });

  it('names an unknown key wherever it stands', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}9$/), (key) => {
        expect(isTaken(JSON.stringify({ gateway: { managed: { [key]: 1 } } }))).toBe(false);
      }),
    );
  });
});

describe('configJsonSchema', () => {
  const schema = configJsonSchema();

  it('knows the keys, their defaults and nothing else', () => {
    expect(schema).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: {
        readOnly: { type: 'boolean', default: false },
        resync: { type: 'string', default: '10m' },
        logLevel: { enum: ['trace', 'debug', 'info', 'warn', 'error'] },
      },
    });
  });

  it('has only patterns that RE2 understands, since Helm checks values with Go', () => {
    const patterns = [...JSON.stringify(schema).matchAll(/"pattern":"((?:[^"\\]|\\.)*)"/g)].map(
      ([, pattern]) => pattern,
    );
    expect(patterns.length).toBeGreaterThan(10);
    expect(patterns.filter((pattern) => /\(\?[=!<]|\\\d/.test(pattern ?? ''))).toEqual([]);
  });
});
