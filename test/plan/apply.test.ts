import { describe, expect, it } from 'vitest';
import { type KubeErrorCategory, NotSentError } from '../../src/kube/errors.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import { type ApplyPorts, applyAction } from '../../src/plan/apply.ts';
import { action, kubeError, scriptedClient } from './build.ts';

const signal = new AbortController().signal;

function portsWith(client: ReturnType<typeof scriptedClient>, more: Partial<ApplyPorts> = {}): ApplyPorts {
  const prepare = (): Promise<never> => Promise.reject(new Error('nothing to prepare'));
  return { client, fieldManager: 'cilium-cloud-bridge', prepare, mayWrite: () => true, ...more };
}

describe('carrying an action out', () => {
  it('is one request with the field manager, and the object that came back', async () => {
    const client = scriptedClient(() => Promise.resolve({ kind: 'Service' }));
    const { outcome, object } = await applyAction(action(), portsWith(client), signal);
    expect(outcome).toMatchObject({ status: 'applied', reason: '', message: '' });
    expect(object).toEqual({ kind: 'Service' });
    expect(client.sent).toMatchObject([{ verb: 'patch', options: { fieldManager: 'cilium-cloud-bridge' } }]);
  });

  it('deletes that very object in that very version', async () => {
    const client = scriptedClient(() => Promise.resolve({}));
    const ref = { namespace: 'default', name: 'service' };
    const request = { verb: 'delete', resource: SERVICES, ref, uid: 'u', resourceVersion: '9' } as const;
    const { object } = await applyAction(
      action({ kind: 'delete-entrypoint', parts: { request } }),
      portsWith(client),
      signal,
    );
    expect(object).toBeUndefined();
    expect(client.sent).toMatchObject([{ verb: 'delete', options: { uid: 'u', resourceVersion: '9' } }]);
  });

  it.each<[KubeErrorCategory, string]>([
    ['conflict', 'conflict'],
    ['exists', 'conflict'],
    ['gone', 'conflict'],
    ['not-found', 'conflict'],
    ['forbidden', 'refused'],
    ['invalid', 'refused'],
    ['not-served', 'refused'],
    ['unauthorized', 'failed'],
    ['unreachable', 'failed'],
    ['timeout', 'failed'],
    ['throttled', 'failed'],
    ['unavailable', 'failed'],
    ['garbled', 'failed'],
  ])('that ends in %s is %s, and is not repeated', async (category, status) => {
    const client = scriptedClient(() => Promise.reject(kubeError(category, 5_000)));
    const { outcome, error } = await applyAction(action(), portsWith(client), signal);
    expect(outcome).toMatchObject({ status, reason: category, message: `it was ${category}` });
    expect(error?.retryAfterMs).toBe(5_000);
    expect(client.sent).toHaveLength(1);
  });

  it('asks whether it may write right before the request, and sends nothing when not', async () => {
    const client = scriptedClient(() => Promise.resolve({}));
    const { outcome } = await applyAction(action(), portsWith(client, { mayWrite: () => false }), signal);
    expect(outcome).toMatchObject({ status: 'declined', reason: 'NotLeader' });
    expect(client.sent).toEqual([]);
  });

  it('is told as not sent when the lease was lost before the kernel took it', async () => {
    const client = scriptedClient(() => Promise.reject(new NotSentError('not sent any more')));
    const { outcome } = await applyAction(action(), portsWith(client), signal);
    expect(outcome).toMatchObject({ status: 'declined', reason: 'NotLeader' });
  });

  it('does not outlive the term, and is told as open then', async () => {
    const term = new AbortController();
    const client = scriptedClient(
      ({ options }) =>
        new Promise((_, reject) => {
          options.signal?.addEventListener('abort', () => reject(new Error('no longer leading')));
        }),
    );
    const applied = applyAction(action(), portsWith(client, { term: () => term.signal }), signal);
    term.abort(new Error('no longer leading'));
    expect((await applied).outcome).toMatchObject({ status: 'failed', reason: 'NotLeader' });
  });

  it('sends nothing after an abort', async () => {
    const client = scriptedClient(() => Promise.resolve({}));
    await expect(applyAction(action(), portsWith(client), AbortSignal.abort(new Error('stop')))).rejects.toThrow(
      'stop',
    );
    expect(client.sent).toEqual([]);
  });

  it('passes on what is no answer of the API server', async () => {
    const client = scriptedClient(() => Promise.reject(new TypeError('a defect')));
    await expect(applyAction(action(), portsWith(client), signal)).rejects.toThrow('a defect');
  });
});
