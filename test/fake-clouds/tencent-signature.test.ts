import { describe, expect, it } from 'vitest';
import {
  canonicalRequest,
  expectedSignature,
  readAuthorization,
  type SignedRequest,
  signatureOf,
  stringToSign,
} from './tencent-signature.ts';

/** The example that the vendor's page on signature v3 works through; `Values` holds escaped Chinese characters. */
const EXAMPLE: SignedRequest = {
  method: 'POST',
  path: '/',
  query: '',
  headers: {
    'content-type': 'application/json; charset=utf-8',
    host: 'cvm.tencentcloudapi.com',
    'x-tc-action': 'DescribeInstances',
    'x-tc-timestamp': '1551113065',
  },
  body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
};
const SCOPE = '2019-02-25/cvm/tc3_request';

describe('TC3-HMAC-SHA256 as the fake cloud recomputes it', () => {
  it('gives the signature of the page of 2020 (key Gu5t9xGARNpq86cd98joQYCN3EXAMPLE, content-type and host signed)', () => {
    const authorization = readAuthorization(
      `TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/${SCOPE}, SignedHeaders=content-type;host, ` +
        'Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
    );
    expect(authorization).toBeDefined();
    if (authorization === undefined) return;
    expect(expectedSignature(EXAMPLE, authorization, 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE')).toBe(authorization.signature);
    expect(canonicalRequest(EXAMPLE, authorization.signedHeaders)).toBe(
      'POST\n/\n\ncontent-type:application/json; charset=utf-8\nhost:cvm.tencentcloudapi.com\n\ncontent-type;host\n' +
        '35e9c5b0e3ae67532d3c9f17ead6c90222632e5b1ff7f6e89887f1398934f064',
    );
  });

  it('gives every step of the present page, whose key is masked and whose derived key is printed', () => {
    const headers = ['content-type', 'host', 'x-tc-action'];
    const text = stringToSign(EXAMPLE, headers, SCOPE);
    expect(text).toBe(
      `TC3-HMAC-SHA256\n1551113065\n${SCOPE}\n7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84`,
    );
    const derived = Buffer.from('b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af', 'hex');
    expect(signatureOf(derived, text)).toBe('10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f');
  });

  it('changes with each part of the request', () => {
    const authorization = {
      secretId: 'AKID',
      date: '2019-02-25',
      service: 'cvm',
      signedHeaders: ['content-type', 'host'],
      signature: '',
    };
    const variants: readonly SignedRequest[] = [
      EXAMPLE,
      { ...EXAMPLE, method: 'GET' },
      { ...EXAMPLE, path: '/x' },
      { ...EXAMPLE, query: 'a=1' },
      { ...EXAMPLE, body: `${EXAMPLE.body} ` },
      { ...EXAMPLE, headers: { ...EXAMPLE.headers, host: 'vpc.tencentcloudapi.com' } },
      { ...EXAMPLE, headers: { ...EXAMPLE.headers, 'content-type': 'text/plain' } },
      { ...EXAMPLE, headers: { ...EXAMPLE.headers, 'x-tc-timestamp': '1551113066' } },
    ];
    const signatures = variants.map((variant) => expectedSignature(variant, authorization, 'key'));
    const others = [
      expectedSignature(EXAMPLE, { ...authorization, service: 'vpc' }, 'key'),
      expectedSignature(EXAMPLE, { ...authorization, date: '2019-02-26' }, 'key'),
      expectedSignature(EXAMPLE, authorization, 'another key'),
    ];
    expect(new Set([...signatures, ...others]).size).toBe(variants.length + others.length);
  });

  it('leaves the port out of the host, as the SDK does', () => {
    const withPort = { ...EXAMPLE, headers: { ...EXAMPLE.headers, host: 'cvm.tencentcloudapi.com:8443' } };
    expect(canonicalRequest(withPort, ['host'])).toBe(canonicalRequest(EXAMPLE, ['host']));
  });

  it.each(['', 'SKIP', 'TC3-HMAC-SHA256 Credential=a/b/c', 'AWS4-HMAC-SHA256 Credential=a/2019-02-25/cvm/tc3_request'])(
    'takes %j for no authorization',
    (text) => {
      expect(readAuthorization(text)).toBeUndefined();
    },
  );
});
