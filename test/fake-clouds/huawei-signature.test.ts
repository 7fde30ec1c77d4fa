import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCloudAgents } from '../../src/providers/agents.ts';
import { sendOnce } from '../../src/providers/huawei/transport.ts';
import { endpointsOf, startFakeHuawei } from './huawei.ts';
import { canonicalRequest, refuse, type SignedRequest, signatureOf, stringToSign } from './huawei-signature.ts';
import { smallWorld } from './huawei-small-world.ts';

// The example of the API signing guide, whose keys are published there:
// https://support.huaweicloud.com/intl/en-us/devg-apisign/api-sign-algorithm-002.html to -005.html
const PUBLISHED = {
  access: 'QTWAOYTTINDUT2QVKYUC',
  secret: 'MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc',
  date: '20191115T033655Z',
  canonicalHash: 'b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a',
  signature: '7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe',
};
const SIGNED_HEADERS = ['content-type', 'host', 'x-sdk-date'];
const keys = new Map([[PUBLISHED.access, { secretKey: PUBLISHED.secret, securityToken: '' }]]);
const sentAt = Date.UTC(2019, 10, 15, 3, 36, 55);

function published(change: Partial<SignedRequest> = {}): SignedRequest {
  return {
    method: 'GET',
    target: '/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0',
    body: '',
    ...change,
    headers: {
      'content-type': 'application/json',
      host: 'service.region.example.com',
      'x-sdk-date': PUBLISHED.date,
      authorization: `SDK-HMAC-SHA256 Access=${PUBLISHED.access}, SignedHeaders=${SIGNED_HEADERS.join(';')}, Signature=${PUBLISHED.signature}`,
      ...change.headers,
    },
  };
}

test('the published example: canonical request, string to sign and signature', () => {
  const canonical = canonicalRequest(published(), SIGNED_HEADERS);
  const text = stringToSign(PUBLISHED.date, canonical);

  expect(createHash('sha256').update(canonical).digest('hex')).toBe(PUBLISHED.canonicalHash);
  expect(text).toBe(`SDK-HMAC-SHA256\n${PUBLISHED.date}\n${PUBLISHED.canonicalHash}`);
  expect(signatureOf(PUBLISHED.secret, text)).toBe(PUBLISHED.signature);
});

test('the published example is let in, a quarter of an hour early or late too', () => {
  expect(refuse(published(), keys, sentAt)).toBeUndefined();
  expect(refuse(published(), keys, sentAt + 15 * 60_000)).toBeUndefined();
  expect(refuse(published(), keys, sentAt - 15 * 60_000)).toBeUndefined();
});

test.each<[string, SignedRequest, number, string]>([
  ['a second more than a quarter of an hour late', published(), sentAt + 901_000, 'signature expired'],
  ['a second more than a quarter of an hour early', published(), sentAt - 901_000, 'signature expired'],
  ['unsigned', published({ headers: { authorization: undefined } }), sentAt, 'Get secretKey failed'],
  ['signed by another rule', published({ headers: { authorization: 'TC3-HMAC-SHA256 x' } }), sentAt, 'format'],
  ['another path', published({ target: '/v1/77b6a44cba5143ab91d13ab9a8ff44fd/subnets' }), sentAt, 'verify aksk'],
  ['another query', published({ target: '/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?limit=3' }), sentAt, 'verify aksk'],
  ['a body that was not signed', published({ body: '{}' }), sentAt, 'verify aksk'],
  ['a signed header that was changed', published({ headers: { host: 'other.example.com' } }), sentAt, 'verify aksk'],
  ['a token that was not signed', published({ headers: { 'x-security-token': 't' } }), sentAt, 'must be signed'],
])('is refused: %s', (_, request, now, why) => {
  expect(refuse(request, keys, now)?.why).toContain(why);
});

test('is refused: another key', () => {
  const other = new Map([[PUBLISHED.access, { secretKey: 'another', securityToken: '' }]]);

  expect(refuse(published(), other, sentAt)?.why).toContain('verify aksk');
  expect(refuse(published(), new Map(), sentAt)?.why).toContain('ak not exist');
});

test('the order of a query does not matter, its encoding does', () => {
  const canonical = (target: string): string => canonicalRequest(published({ target }), SIGNED_HEADERS);

  expect(canonical('/a?b=2&a=1&a=0')).toBe(canonical('/a?a=0&a=1&b=2'));
  expect(canonical('/a?name=a%20b%2Ac')).toContain('\nname=a%20b%2Ac\n');
});

test('the SDK and this recomputation agree on ids, lists, tokens and odd characters', async () => {
  const cloud = await startFakeHuawei(smallWorld());
  const agents = createCloudAgents({});
  cloud.keys.set('AK', { secretKey: 'SK', securityToken: 'to/ken+==' });
  try {
    const endpoint = new URL(endpointsOf(cloud).vpc);
    const answer = await sendOnce(
      {
        method: 'GET',
        endpoint,
        path: '/v1/{project_id}/subnets',
        query: { vpc_id: ['b', 'a', 'c d/ü*'], limit: 1000 },
        signer: {
          keys: { accessKey: 'AK', secretKey: 'SK', securityToken: 'to/ken+==' },
          projectId: cloud.world.projectId,
          nowMs: Date.now(),
        },
        agent: agents.forEndpoint(endpoint),
      },
      new AbortController().signal,
    );
    expect(answer.status, answer.body).toBe(200);
    expect(JSON.parse(answer.body)).toEqual({ subnets: [] });
  } finally {
    agents.close();
    await cloud.close();
  }
});
