import type { Panel } from '../dashboard.ts';
import type { Mark } from './recording.ts';
import type { Line, Range } from './server.ts';

/** A line of a panel, with the name that Grafana would give it. */
export interface NamedLine {
  readonly name: string;
  readonly points: Line['points'];
}

/** Of Grafana's grid: pixels of a column and of a row. */
const COLUMN = 50;
const ROW = 34;
const GAP = 8;
/** Around the plot. */
const MARGIN = { left: 62, right: 12, top: 40, bottom: 22 };
const LEGEND_LINE = 14;
/** Of a legend beside the lines. */
const SIDE = 280;
/** A character of the legend, pixels. */
const CHARACTER = 6.2;
const COLORS = [
  '#7eb26d',
  '#eab839',
  '#6ed0e0',
  '#ef843c',
  '#e24d42',
  '#1f78c1',
  '#ba43a9',
  '#705da0',
  '#508642',
  '#cca300',
];
const RED = '#e24d42';
const GREEN = '#56a64b';
const TICKS = 4;

/** The dashboard as pictures: SVG of one panel, as large as Grafana shows it on a screen 1200 pixels wide. */
export function drawPanel(panel: Panel, lines: readonly NamedLine[], range: Range, marks: readonly Mark[]): string {
  const width = panel.gridPos.w * COLUMN - GAP;
  const height = panel.gridPos.h * ROW - GAP;
  const body =
    panel.type === 'stat'
      ? drawStat(panel, lines, range, width, height)
      : drawLines(panel, lines, range, marks, width, height);
  const head = `<text x="10" y="17" class="title">${quoted(panel.title)}</text><text x="10" y="31" class="about">${quoted(panel.type === 'stat' ? '' : panel.description)}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="${width}" height="${height}" rx="3" fill="#fff" stroke="#d8d9da"/>${head}${body}</svg>`;
}

/** The last value as Grafana shows it, and below it how it was all the time, which Grafana would have shown then. */
function drawStat(panel: Panel, lines: readonly NamedLine[], range: Range, width: number, height: number): string {
  const points = lines[0]?.points ?? [];
  const last = points.at(-1)?.[1];
  const top = Math.max(...points.map(([, value]) => value), 1e-9);
  const x = scale(range.from, range.to, 8, width - 8);
  const y = scale(0, top, height - 8, height - 40);
  const dots = points.map(
    ([at, value]) => `<circle cx="${x(at)}" cy="${y(value)}" r="1.5" fill="${colorOf(panel, value)}"/>`,
  );
  const text = last === undefined ? 'No data' : format(last, panel.fieldConfig.defaults.unit);
  const color = last === undefined ? '#888' : colorOf(panel, last);
  const most = points.length === 0 ? '' : `most ${format(top, panel.fieldConfig.defaults.unit)}`;
  return `<text x="10" y="62" class="value" fill="${color}">${quoted(text)}</text><text x="${width - 8}" y="76" class="tick" text-anchor="end">${quoted(most)}</text>${dots.join('')}`;
}

function drawLines(
  panel: Panel,
  lines: readonly NamedLine[],
  range: Range,
  marks: readonly Mark[],
  width: number,
  height: number,
): string {
  const { unit } = panel.fieldConfig.defaults;
  const names =
    panel.options.legend?.placement === 'right'
      ? legendBeside(lines, unit, width, height)
      : legendBelow(lines, unit, width, height);
  const plot = {
    left: MARGIN.left,
    right: width - MARGIN.right - names.width,
    top: MARGIN.top,
    bottom: height - MARGIN.bottom - names.height,
  };
  const values = lines.flatMap(({ points }) => points.map(([, value]) => value)).filter(Number.isFinite);
  const top = niceTop(Math.max(...values, 0));
  const x = scale(range.from, range.to, plot.left, plot.right);
  const y = scale(0, top, plot.bottom, plot.top);
  const grid = Array.from({ length: TICKS + 1 }, (_, index) => {
    const value = (top * index) / TICKS;
    return `<line x1="${plot.left}" x2="${plot.right}" y1="${y(value)}" y2="${y(value)}" class="grid"/><text x="${plot.left - 6}" y="${y(value) + 4}" text-anchor="end" class="tick">${quoted(format(value, unit))}</text>`;
  });
  const minutes: string[] = [];
  for (let at = 0; at <= range.to - range.from; at += 60) {
    minutes.push(
      `<text x="${x(range.from + at)}" y="${plot.bottom + 14}" text-anchor="middle" class="tick">${at / 60} min</text>`,
    );
  }
  const events = marks.map(
    ({ at, what }) =>
      `<line x1="${x(at)}" x2="${x(at)}" y1="${plot.top}" y2="${plot.bottom}" class="mark"><title>${quoted(what)}</title></line>`,
  );
  const limit = panel.fieldConfig.defaults.thresholds.steps.find(({ color }) => color === 'red')?.value ?? undefined;
  const threshold =
    limit === undefined || limit > top
      ? ''
      : `<line x1="${plot.left}" x2="${plot.right}" y1="${y(limit)}" y2="${y(limit)}" stroke="${RED}" stroke-dasharray="4 3"/>`;
  const curves = lines.map(
    ({ points }, index) =>
      `<path d="${pathOf(points, range.step, x, y)}" fill="none" stroke="${colorAt(index)}" stroke-width="1.4"/>`,
  );
  const nothing =
    values.length > 0
      ? ''
      : `<text x="${width / 2}" y="${height / 2}" text-anchor="middle" class="value" fill="#888">No data</text>`;
  return [...grid, ...minutes, ...events, threshold, ...curves, names.svg, nothing].join('');
}

/** A gap where Prometheus had no value. */
function pathOf(points: Line['points'], step: number, x: (at: number) => number, y: (value: number) => number): string {
  let path = '';
  let previous: number | undefined;
  for (const [at, value] of points) {
    if (!Number.isFinite(value)) continue;
    const starts = previous === undefined || at - previous > 1.5 * step;
    // A lone point is drawn, too.
    path += `${starts ? `M${x(at)} ${y(value)}h0.5` : ''}L${x(at)} ${y(value)}`;
    previous = at;
  }
  return path;
}

/** A legend, and the room that it takes away from the lines. */
interface Legend {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/** One name after the other, as many lines as that takes. */
function legendBelow(lines: readonly NamedLine[], unit: string, width: number, height: number): Legend {
  let left = 10;
  let row = 0;
  const entries = lines.map((line) => {
    const text = `${line.name} (most ${format(mostOf(line), unit)})`;
    const needed = 24 + text.length * CHARACTER;
    if (left > 10 && left + needed > width) {
      left = 10;
      row += 1;
    }
    const entry = { text, left, row };
    left += needed;
    return entry;
  });
  const room = (row + 1) * LEGEND_LINE;
  const names = entries.map((entry, index) =>
    nameAt(entry.text, index, entry.left, height - 8 - room + (entry.row + 1) * LEGEND_LINE),
  );
  return { svg: names.join(''), width: 0, height: room };
}

/** A list, the largest first; Grafana lets it scroll, here it ends. */
function legendBeside(lines: readonly NamedLine[], unit: string, width: number, height: number): Legend {
  const sorted = lines.map((line, index) => ({ line, index })).toSorted((a, b) => mostOf(b.line) - mostOf(a.line));
  const fits = Math.floor((height - MARGIN.top) / LEGEND_LINE);
  const shown = sorted.length > fits ? sorted.slice(0, fits - 1) : sorted;
  const names = shown.map(({ line, index }, row) => {
    const most = format(mostOf(line), unit);
    const room = Math.floor((SIDE - 24) / CHARACTER) - most.length - 2;
    const name = line.name.length > room ? `${line.name.slice(0, room - 1)}…` : line.name;
    return nameAt(`${name}  ${most}`, index, width - SIDE, MARGIN.top + (row + 1) * LEGEND_LINE);
  });
  const rest = sorted.length - shown.length;
  const more =
    rest === 0
      ? ''
      : `<text x="${width - SIDE + 14}" y="${MARGIN.top + fits * LEGEND_LINE}" class="legend">and ${rest} more</text>`;
  return { svg: names.join('') + more, width: SIDE, height: 0 };
}

function nameAt(text: string, index: number, left: number, baseline: number): string {
  return `<rect x="${left}" y="${baseline - 6}" width="10" height="3" fill="${colorAt(index)}"/><text x="${left + 14}" y="${baseline}" class="legend">${quoted(text)}</text>`;
}

function mostOf({ points }: NamedLine): number {
  return Math.max(...points.map(([, value]) => value).filter(Number.isFinite), 0);
}

function colorAt(index: number): string {
  return COLORS[index % COLORS.length] ?? '';
}

function colorOf({ fieldConfig }: Panel, value: number): string {
  const { steps } = fieldConfig.defaults.thresholds;
  const step = steps.findLast((one) => one.value === null || value >= one.value);
  return step?.color === 'red' ? RED : GREEN;
}

function scale(from: number, to: number, low: number, high: number): (value: number) => number {
  return (value) => Math.round(10 * (low + ((value - from) / (to - from)) * (high - low))) / 10;
}

/** The next of 1, 2, 4, 5, 8 × 10ⁿ. */
function niceTop(most: number): number {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return power * ([1, 2, 4, 5, 8].find((step) => step * power >= most) ?? 10);
}

/** As Grafana shows its units. */
function format(value: number, unit: string): string {
  switch (unit) {
    case 's':
      return time(value);
    case 'bytes':
      return value < 1024 ** 2 ? `${round(value / 1024)} KiB` : `${round(value / 1024 ** 2)} MiB`;
    case 'percentunit':
      return `${round(value * 100)}%`;
    case 'ops':
      return `${round(value)} ops/s`;
    default:
      return round(value);
  }
}

function time(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (Math.abs(seconds) < 1) return `${round(seconds * 1_000)} ms`;
  return Math.abs(seconds) < 120 ? `${round(seconds)} s` : `${round(seconds / 60)} min`;
}

function round(value: number): string {
  return String(Number(value.toPrecision(3)));
}

function quoted(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
