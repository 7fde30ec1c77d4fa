import { describe, expect, it } from 'vitest';
import {
  ANNOTATION_PATTERN,
  addressProblem,
  findContradictions,
  parseAdoptPair,
  parseListenAddress,
  parseNamespacedName,
} from '../../src/config/names.ts';

describe('addressProblem', () => {
  it.each([
    '121.36.1.2',
    '192.168.0.4',
    '10.0.0.10',
    '2001:db8::1',
    'lb-abc123.clb.example-tencentclb.com',
    'localhost.example.com',
  ])('takes %s', (address) => {
    expect(addressProblem(address)).toBeUndefined();
  });

  it.each([
    ['1.2.3', '"1.2.3" is neither an IP address nor a host name'],
    ['1.2.3.400', '"1.2.3.400" is neither an IP address nor a host name'],
    ['Example.com', '"Example.com" is neither an IP address nor a host name'],
    ['example.com.', '"example.com." is neither an IP address nor a host name'],
    ['', '"" is neither an IP address nor a host name'],
    ['0.0.0.0', 'no client can reach "0.0.0.0"'],
    ['127.0.0.1', 'no client can reach "127.0.0.1"'],
    ['224.0.0.1', 'no client can reach "224.0.0.1"'],
    ['::', 'no client can reach "::"'],
    ['::1', 'no client can reach "::1"'],
    ['ff02::1', 'no client can reach "ff02::1"'],
    ['fe80::1%eth0', '"fe80::1%eth0" carries a zone, which Kubernetes refuses'],
  ])('refuses %s', (address, problem) => {
    expect(addressProblem(address)).toBe(problem);
  });
});

describe('parseListenAddress', () => {
  it.each([
    [':9976', '', 9976],
    [':0', '', 0],
    ['127.0.0.1:65535', '127.0.0.1', 65_535],
    ['localhost:80', 'localhost', 80],
    ['[::]:8080', '::', 8080],
  ])('takes %s', (text, host, port) => {
    expect(parseListenAddress(text)).toEqual({ host, port });
  });

  it.each(['none', '', '9976', ':65536', ':99999', 'example.com:80', '::1:80', ':-1', ':80 ', 'http://127.0.0.1:80'])(
    'takes nothing from %j',
    (text) => {
      expect(parseListenAddress(text)).toBeUndefined();
    },
  );
});

describe('names', () => {
  it('takes a namespaced name apart', () => {
    expect(parseNamespacedName('default/web.v2')).toEqual({ namespace: 'default', name: 'web.v2' });
  });

  it.each(['web', 'default/', '/web', 'a/b/c', 'De/web', 'default/web_1', ''])('refuses %j', (text) => {
    expect(parseNamespacedName(text)).toBeUndefined();
  });

  it('takes an adopt pair apart', () => {
    expect(parseAdoptPair('kube-system/entry=default/web')).toEqual({
      entrypoint: { namespace: 'kube-system', name: 'entry' },
      gateway: { namespace: 'default', name: 'web' },
    });
  });

  it.each(['kube-system/entry', 'entry=web', 'a/b=c/d=e/f', 'a/b=c', 'a/b='])('refuses the pair %j', (text) => {
    expect(parseAdoptPair(text)).toBeUndefined();
  });

  it('finds an entrypoint that is given away twice, and leaves repetitions alone', () => {
    expect(findContradictions(['a/b=c/d', 'a/b=c/d', 'a/b=c/e', 'a/x=c/e'])).toEqual([
      {
        index: 2,
        what: 'a/b is given to c/d and to c/e',
        fix: 'One entrypoint serves one Gateway: make a second Service for the other.',
      },
    ]);
  });

  it.each(['kubernetes.io/elb.*', 'kubernetes.io/elb.class', 'kubernetes.io/*', 'service.cloud.tencent.com*', 'plain'])(
    'takes the annotation pattern %s',
    (pattern) => {
      expect(ANNOTATION_PATTERN.test(pattern)).toBe(true);
    },
  );

  it.each(['*/elb.class', 'a b', 'kubernetes.io/', 'kubernetes.io/a*b', 'Kubernetes.io/x', ''])(
    'refuses the annotation pattern %j',
    (pattern) => {
      expect(ANNOTATION_PATTERN.test(pattern)).toBe(false);
    },
  );
});
