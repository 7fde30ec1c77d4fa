import { request } from 'node:http';
import { valueAt } from './objects.ts';

/** Whether etcd answers that it is healthy. */
export async function etcdHealthy(socketPath: string): Promise<boolean> {
  const { status, body } = await ask(socketPath, 'GET', '/health');
  return status === 200 && valueAt(body, 'health') === 'true';
}

/** Forgets every revision but the current one: what was read before cannot be gone on from (410 Expired). */
export async function compact(socketPath: string): Promise<void> {
  const { body } = await ask(socketPath, 'POST', '/v3/kv/range', { key: Buffer.from('/').toString('base64') });
  const revision = valueAt(body, 'header', 'revision');
  const { status, body: answer } = await ask(socketPath, 'POST', '/v3/kv/compaction', { revision, physical: true });
  if (status !== 200)
    throw new Error(`etcd did not compact at revision ${String(revision)}: ${JSON.stringify(answer)}`);
}

function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        try {
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
        } catch (error) {
          reject(new Error(`etcd ${method} ${path}: ${response.statusCode} ${text}`, { cause: error }));
        }
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
