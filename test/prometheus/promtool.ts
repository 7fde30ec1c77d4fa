import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CommandResult, tryCommand } from '../control-plane/command.ts';

const HINT =
  'Metrics, alerts and the dashboard cannot be tested without it. Install it (Debian: apt-get install prometheus)';

/** Runs the real promtool; its last file is made of `text`. */
export async function promtool(args: readonly string[], text: string): Promise<CommandResult> {
  const dir = mkdtempSync(join(tmpdir(), 'ccb-promtool-'));
  try {
    const file = join(dir, 'file.yaml');
    writeFileSync(file, text);
    return await tryCommand('promtool', [...args, file], { ifMissing: HINT });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What `promtool check metrics` says of a page of metrics; it reads its standard input. */
export async function checkMetrics(page: string): Promise<CommandResult> {
  return await tryCommand('promtool', ['check', 'metrics'], { input: page, ifMissing: HINT });
}
