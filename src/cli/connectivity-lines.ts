import { printable } from '../lib/printable.ts';
import type { Style } from './diff.ts';
import type { DoctorReport } from './doctor-report.types.ts';
import { wrap } from './text.ts';

/** The line for `cilium connectivity test`, unwrapped for pasting, and the reason of each part of it. */
export function connectivityLines({ connectivityTest }: DoctorReport, { paint, width }: Style): string[] {
  if (connectivityTest === null) return [];
  const { command, parts } = connectivityTest;
  const reasons = [...Map.groupBy(parts, ({ reason }) => reason)].flatMap(([reason, same]) => [
    ...same.map(({ text }) => `  ${printable(text)}`),
    ...wrap(reason, width, '    ').map(paint.dim),
  ]);
  return [paint.bold("Cilium's own test of this cluster:"), printable(command), ...reasons];
}
