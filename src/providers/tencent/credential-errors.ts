import { CloudError, type CloudErrorDetails } from '../errors.ts';

/** There are no keys that could be used. */
export function credentialsError(what: string, known: Partial<CloudErrorDetails> = {}): CloudError {
  return new CloudError(`No credentials for Tencent Cloud: ${what}`, {
    action: 'credentials',
    code: '',
    status: 0,
    requestId: '',
    ...known,
    category: 'credentials',
  });
}
