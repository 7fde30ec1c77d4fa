import { describe, expect, it } from 'vitest';
import {
  parseExposure,
  parseFlag,
  parseNamespacedName,
  parsePortPairs,
  parsePublish,
  parseStringMap,
  quote,
} from '../../src/gateway/annotations.ts';

describe('what users write in annotations', () => {
  it.each([
    [parseNamespacedName, 'default/web', { namespace: 'default', name: 'web' }],
    [parseNamespacedName, ' default/a.dotted-name ', { namespace: 'default', name: 'a.dotted-name' }],
    [parsePortPairs, '8080=80', new Map([[8080, 80]])],
    [
      parsePortPairs,
      ' 8080 = 80 , 8443=443',
      new Map([
        [8080, 80],
        [8443, 443],
      ]),
    ],
    [parseExposure, 'auto', 'auto'],
    [parsePublish, ' private ', 'private'],
    [parseFlag, 'true', true],
    [parseFlag, 'false', false],
    [parseStringMap, '{"a":"b"}', { a: 'b' }],
    [parseStringMap, '{}', {}],
  ])('%o reads %j', (parse, text, value) => {
    expect(parse(text)).toEqual({ ok: true, value });
  });

  it.each([
    [parseNamespacedName, ['', 'web', 'a/b/c', '/web', 'default/', 'Default/web', 'default/web!', '-a/b', 'a/b-']],
    [
      parsePortPairs,
      [
        '',
        ',',
        '80',
        '80=',
        '=80',
        '80=80=80',
        '0=80',
        '80=0',
        '65536=1',
        '1=65536',
        '80=80,',
        '80=1,80=2',
        '-1=80',
        '8e1=80',
      ],
    ],
    [parseExposure, ['', 'Auto', 'nodeport', 'auto,redirect']],
    [parsePublish, ['', 'none', 'ALL']],
    [parseFlag, ['', 'yes', '1', 'True', 'TRUE', 'on']],
    [parseStringMap, ['', '{', '[]', 'null', '"a"', '1', '{"a":1}', '{"a":null}', '{"a":{"b":"c"}}']],
  ])('%o refuses nonsense with a problem and an example', (parse, texts) => {
    for (const text of texts) {
      const parsed = parse(text);
      expect(parsed.ok, text).toBe(false);
      expect(parsed, text).toHaveProperty('problem');
      expect(parsed, text).toHaveProperty('example');
    }
  });

  it('quotes a long text shortened', () => {
    expect(quote('x'.repeat(1000))).toHaveLength(82);
    expect(quote('a"b')).toBe('"a\\"b"');
  });
});
