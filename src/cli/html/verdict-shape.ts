import type { Verdict } from '../../plan/plan.types.ts';
import { html, type Markup } from './markup.ts';

/** A verdict, or nothing looked there. */
export type Shown = Verdict | undefined;

/** The word beside each shape: a verdict is never told by colour alone. */
export function verdictWord(verdict: Shown): string {
  switch (verdict) {
    case undefined:
      return 'not looked at';
    case 'fail':
      return 'fails';
    case 'warn':
      return 'warns';
    case 'unknown':
      return 'unknown';
    case 'pass':
      return 'passes';
    case 'not-applicable':
      return 'does not apply';
  }
}

/** The class that colours it. */
export function verdictClass(verdict: Shown): string {
  return `is-${verdict ?? 'none'}`;
}

/** SVG of a verdict around 0,0, 28 units wide: an octagon, a triangle, a diamond, a circle, a broken circle. */
export function verdictShape(verdict: Shown): Markup {
  switch (verdict) {
    case 'fail':
      return html`<path class="body" d="M-6-14H6L14-6V6L6 14H-6L-14 6V-6Z"/><path class="sign" d="M-5-5 5 5M5-5-5 5"/>`;
    case 'warn':
      return html`<path class="body" d="M0-14 15 12H-15Z"/><path class="sign" d="M0-5V3M0 7.5V8"/>`;
    case 'unknown':
      return html`<path class="body" d="M0-15 15 0 0 15-15 0Z"/><path class="sign" d="M-3.5-3.5A3.5 3.5 0 1 1 0 1V3M0 7V7.5"/>`;
    case 'pass':
      return html`<circle class="body" r="13.5"/><path class="sign" d="M-6 0-2 4.5 6-4.5"/>`;
    case 'not-applicable':
    case undefined:
      return html`<circle class="body open" r="13.5"/><path class="sign" d="M-5 0H5"/>`;
  }
}

/** Shape and word, for running text. */
export function verdictBadge(verdict: Verdict): Markup {
  return html`<span class="badge ${verdictClass(verdict)}"><svg viewBox="-16 -16 32 32" width="20" height="20" aria-hidden="true">${verdictShape(verdict)}</svg> ${verdictWord(verdict)}</span>`;
}
