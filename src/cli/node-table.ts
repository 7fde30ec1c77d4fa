import { printable } from '../lib/printable.ts';
import type { Style } from './diff.ts';
import type { ReportedNode } from './report.types.ts';
import { wrap } from './text.ts';

/**
 * Tainted nodes, one a line: name, network, a mark for each condition in order, and what keeps the taint. The
 * conditions' names stand above.
 */
export function nodeLines(nodes: readonly ReportedNode[], style: Style): string[] {
  const [first] = nodes;
  if (first === undefined) return [];
  const { paint, width } = style;
  const names = first.conditions.map(({ condition }, index) => `${index + 1} ${condition}`).join(', ');
  const nameWidth = Math.max(...nodes.map(({ name }) => name.length));
  const networkWidth = Math.max(...nodes.map(({ network }) => network.length));
  return [
    paint.bold('Tainted nodes'),
    ...wrap(`Conditions: ${names}. ✓ holds, ✗ does not, ? unknown, · does not apply.`, width, '  ').map(paint.dim),
    ...nodes.map((node) => {
      const marks = node.conditions.map(({ verdict }) => markOf(verdict, style)).join('');
      const place = `${printable(node.name).padEnd(nameWidth)}  ${printable(node.network).padEnd(networkWidth)}`;
      return `  ${place}  ${marks}  ${saidOf(node, style)}`;
    }),
  ];
}

function markOf(verdict: ReportedNode['conditions'][number]['verdict'], { paint }: Style): string {
  switch (verdict) {
    case 'pass':
      return paint.green('✓');
    case 'fail':
      return paint.red('✗');
    case 'unknown':
      return paint.yellow('?');
    case 'not-applicable':
      return paint.dim('·');
  }
}

function saidOf({ removable, reason, conditions, taints }: ReportedNode, { paint }: Style): string {
  if (removable) return paint.green(`obsolete: ${printable(taints.join(', '))}`);
  const blocking = conditions.find(({ verdict }) => verdict !== 'pass');
  return `${paint.yellow(reason)}: ${printable(blocking?.message ?? '')}`;
}
