import { CloudError } from '../errors.ts';

/** No keys, or not all of them. */
export function credentialsError(problem: string): CloudError {
  return new CloudError(`No credentials for Huawei Cloud: ${problem}`, {
    category: 'credentials',
    action: 'credentials',
    code: '',
    status: 0,
    requestId: '',
  });
}
