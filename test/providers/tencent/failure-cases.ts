import type { CallerLimits } from '../../../src/providers/caller.ts';
import type { CloudErrorCategory } from '../../../src/providers/errors.ts';
import { type Failure, type FakeTencent, SECRET_ID } from '../../fake-clouds/tencent.ts';

/** The action that all of it happens to. */
export const ACTION = 'clb:DescribeListeners';
const HTML = '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';

/** One thing that goes wrong with each request of an action. */
export interface FailureCase {
  readonly name: string;
  readonly cause: Failure | ((fake: FakeTencent) => void);
  readonly limits?: Partial<CallerLimits>;
  readonly category: CloudErrorCategory;
  readonly code?: string;
  readonly status?: number;
  /** How often it is asked. */
  readonly asked: number;
  readonly message: RegExp;
}

/** An error of the API, in HTTP 200. */
export function apiError(code: string, message = 'words of the cloud.'): Failure {
  return { kind: 'error', code, message };
}

/** The table: what goes wrong, which class it is, how often it is asked, what is said. */
export const FAILURES: readonly FailureCase[] = [
  {
    name: 'no answer in time',
    cause: { kind: 'hang' },
    limits: { attemptMs: 400, attempts: 3 },
    category: 'unavailable',
    asked: 3,
    message:
      /^clb:DescribeListeners: no answer within 0\.4 s\. Check that the endpoint can be reached .* tried 3 times\.$/,
  },
  {
    name: 'a reset',
    cause: { kind: 'reset' },
    category: 'unavailable',
    asked: 4,
    message:
      /: cannot reach 127\.0\.0\.1:\d+ \(.*(ECONNRESET|socket hang up).*\)\. Check DNS, .* It was tried 4 times\.$/,
  },
  {
    name: 'a body that breaks off',
    cause: { kind: 'cut' },
    category: 'unavailable',
    asked: 4,
    message: /: cannot reach 127\.0\.0\.1:\d+ \(.*\)\. .* It was tried 4 times\.$/,
  },
  {
    name: 'HTML with 502',
    cause: { kind: 'http', status: 502, body: HTML, headers: { 'Content-Type': 'text/html' } },
    category: 'unavailable',
    status: 502,
    asked: 4,
    message: /^clb:DescribeListeners: HTTP 502 Bad Gateway from 127\.0\.0\.1:\d+\. .* It was tried 4 times\.$/,
  },
  {
    name: '429 that asks to wait for longer than there is time',
    cause: { kind: 'http', status: 429, body: 'slow down', headers: { 'Retry-After': '60' } },
    category: 'throttled',
    status: 429,
    asked: 1,
    message: /^clb:DescribeListeners: HTTP 429 Too Many Requests from .*\. The limit is shared with everything else/,
  },
  {
    name: '429 without a word',
    cause: { kind: 'http', status: 429, body: '' },
    category: 'throttled',
    status: 429,
    asked: 4,
    message: /: HTTP 429 Too Many Requests from /,
  },
  {
    name: 'RequestLimitExceeded',
    cause: apiError(
      'RequestLimitExceeded',
      'Your current request times equals to `21` in a second, which exceeds the frequency limit `20` for a second.',
    ),
    category: 'throttled',
    code: 'RequestLimitExceeded',
    status: 200,
    asked: 4,
    message:
      /^clb:DescribeListeners: RequestLimitExceeded: Your current request times equals to `21` in a second, which/,
  },
  {
    name: 'RequestLimitExceeded of the whole account',
    cause: apiError('RequestLimitExceeded.UinLimitExceeded'),
    category: 'throttled',
    code: 'RequestLimitExceeded.UinLimitExceeded',
    asked: 4,
    message: /UinLimitExceeded: words of the cloud \(request /,
  },
  {
    name: 'InternalError',
    cause: apiError('InternalError'),
    category: 'unavailable',
    code: 'InternalError',
    asked: 4,
    message: /: InternalError: words of the cloud \(request [-0-9]+\)\. It was tried 4 times\.$/,
  },
  {
    name: 'ServiceUnavailable',
    cause: apiError('ServiceUnavailable'),
    category: 'unavailable',
    code: 'ServiceUnavailable',
    asked: 4,
    message: /: ServiceUnavailable: /,
  },
  {
    name: 'a clock that is six minutes behind',
    cause: (fake) => {
      fake.clockAheadMs = 6 * 60_000;
    },
    category: 'credentials',
    code: 'AuthFailure.SignatureExpire',
    asked: 1,
    message: /: AuthFailure\.SignatureExpire: .* This machine's clock is 6 min behind: set it, with NTP\.$/,
  },
  {
    name: 'a clock that is an hour ahead',
    cause: (fake) => {
      fake.clockAheadMs = -60 * 60_000;
    },
    category: 'credentials',
    code: 'AuthFailure.SignatureExpire',
    asked: 1,
    message: / This machine's clock is 60 min ahead: set it/,
  },
  {
    name: 'a wrong key',
    cause: (fake) => {
      fake.keys.set(SECRET_ID, { secretKey: 'another', token: '', goodUntilMs: Number.POSITIVE_INFINITY });
    },
    category: 'credentials',
    code: 'AuthFailure.SignatureFailure',
    asked: 1,
    message: /TENCENTCLOUD_SECRET_KEY does not belong to TENCENTCLOUD_SECRET_ID: correct it\.$/,
  },
  {
    name: 'a key that is gone',
    cause: (fake) => {
      fake.keys.delete(SECRET_ID);
    },
    category: 'credentials',
    code: 'AuthFailure.SecretIdNotFound',
    asked: 1,
    message: / TENCENTCLOUD_SECRET_ID is not, or no longer, a key of the account: correct it\.$/,
  },
  {
    name: 'another AuthFailure',
    cause: apiError('AuthFailure.MFAFailure'),
    category: 'credentials',
    code: 'AuthFailure.MFAFailure',
    asked: 1,
    message: / Check the keys and that they are enabled\.$/,
  },
  {
    name: 'a denied action',
    cause: (fake) => {
      fake.denied.add(ACTION);
    },
    category: 'denied',
    code: 'UnauthorizedOperation',
    asked: 1,
    message:
      /^clb:DescribeListeners: UnauthorizedOperation: you are not authorized to perform operation \(clb:DescribeListeners\) resource .* Allow clb:DescribeListeners in the CAM policy\.$/,
  },
  {
    name: 'a denied action in the words of CAM',
    cause: apiError('AuthFailure.UnauthorizedOperation'),
    category: 'denied',
    code: 'AuthFailure.UnauthorizedOperation',
    asked: 1,
    message: /Allow clb:DescribeListeners in the CAM policy\.$/,
  },
  {
    name: 'a proxy that refuses',
    cause: { kind: 'http', status: 403, body: HTML },
    category: 'denied',
    status: 403,
    asked: 1,
    message: /: HTTP 403 Forbidden from 127\.0\.0\.1:\d+\. Is it a proxy that refuses\?$/,
  },
  {
    name: 'a region that is not served',
    cause: (fake) => {
      fake.world.regions = ['ap-hongkong'];
    },
    category: 'unsupported',
    code: 'UnsupportedRegion',
    asked: 1,
    message: /: UnsupportedRegion: .*\. Check the region \(ap-guangzhou\) and the endpoint \(127\.0\.0\.1:\d+\)\.$/,
  },
  {
    name: 'an action that is not served',
    cause: apiError('InvalidAction'),
    category: 'unsupported',
    code: 'InvalidAction',
    asked: 1,
    message: /: InvalidAction: /,
  },
  {
    name: 'a parameter that the API does not take',
    cause: apiError('InvalidParameterValue.Length'),
    category: 'invalid',
    code: 'InvalidParameterValue.Length',
    asked: 1,
    message: /^clb:DescribeListeners: InvalidParameterValue\.Length: words of the cloud \(request [-0-9]+\)\.$/,
  },
  {
    name: 'a code that nobody knows',
    cause: apiError('SomethingNew.Happened'),
    category: 'invalid',
    code: 'SomethingNew.Happened',
    asked: 1,
    message: /: SomethingNew\.Happened: /,
  },
  {
    name: 'a thing that is gone',
    cause: apiError('ResourceNotFound'),
    category: 'not-found',
    code: 'ResourceNotFound',
    asked: 1,
    message: /: ResourceNotFound: /,
  },
  ...['FailedOperation.CamNoAuth', 'InternalError.CamNoAuth'].map(
    (code): FailureCase => ({
      name: `a denied action in the words of TKE, ${code}`,
      cause: apiError(code),
      category: 'denied',
      code,
      asked: 1,
      message: /Allow clb:DescribeListeners in the CAM policy\.$/,
    }),
  ),
  ...['InternalError.ClusterNotFound', 'InvalidParameter.ListenerIdNotFound', 'ResourceNotFound.Cluster'].map(
    (code): FailureCase => ({
      name: `a thing that is gone, ${code}`,
      cause: apiError(code),
      category: 'not-found',
      code,
      asked: 1,
      message: /: words of the cloud \(request /,
    }),
  ),
  {
    name: 'an API error with another HTTP status',
    cause: {
      kind: 'http',
      status: 400,
      body: JSON.stringify({ Response: { Error: { Code: 'MissingParameter', Message: 'which' }, RequestId: 'r-1' } }),
    },
    category: 'invalid',
    code: 'MissingParameter',
    status: 400,
    asked: 1,
    message: /: MissingParameter: which \(request r-1\)\.$/,
  },
  {
    name: 'a login page with 200',
    cause: { kind: 'http', status: 200, body: '<html>Please log in</html>', headers: { 'Content-Type': 'text/html' } },
    category: 'garbage',
    status: 200,
    asked: 1,
    message:
      /: 127\.0\.0\.1:\d+ answered something that is no JSON\. Is a proxy or a login page between here and the cloud\?$/,
  },
  {
    name: 'half a JSON',
    cause: { kind: 'http', status: 200, body: '{"Response":{"Listeners":[' },
    category: 'garbage',
    asked: 1,
    message: /answered something that is no JSON/,
  },
  ...['{}', '[]', 'null', '"text"', '{"Response":null}', '{"Response":[]}'].map(
    (body): FailureCase => ({
      name: `JSON without a Response: ${body}`,
      cause: { kind: 'http', status: 200, body },
      category: 'garbage',
      asked: 1,
      message: /answered without a Response/,
    }),
  ),
  {
    name: 'an event stream, which the SDK would hand on unread',
    cause: { kind: 'http', status: 200, body: 'data: {}\n\n', headers: { 'Content-Type': 'text/event-stream' } },
    category: 'garbage',
    asked: 1,
    message: /no JSON/,
  },
];
