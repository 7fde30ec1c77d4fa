import { LINKS } from '../../checks/check.types.ts';
import { stationVerdict } from '../doctor-groups.ts';
import type { DoctorReport } from '../doctor-report.types.ts';
import { html, type Markup } from './markup.ts';
import { type Shown, verdictClass, verdictShape, verdictWord } from './verdict-shape.ts';

interface Station {
  readonly name: string;
  readonly word: string;
  readonly verdict: Shown;
  /** The first broken link is here. */
  readonly isBroken: boolean;
}

const CELL = 116;
const ROW = 58;

/** The packet's way as a picture: once from left to right, once from top to bottom. The style sheet shows the one that fits. */
export function pathDrawing({ checks, brokenLink }: DoctorReport): Markup {
  const broken = checks.find(({ id }) => id === brokenLink)?.link;
  const stations = [
    { name: 'client', word: '', verdict: undefined, isBroken: false },
    ...LINKS.map((name): Station => {
      const verdict = stationVerdict(checks.filter(({ link }) => link === name));
      return { name, word: verdictWord(verdict), verdict, isBroken: name === broken };
    }),
  ];
  const told = stations.map(({ name, word, isBroken }) =>
    [name, ...(word === '' ? [] : [word]), ...(isBroken ? ['the first broken link'] : [])].join(': '),
  );
  const label = `A packet's way: ${told.join('; ')}`;
  return html`${wide(stations, label)}${tall(stations, label)}`;
}

function wide(stations: readonly Station[], label: string): Markup {
  const width = CELL * stations.length;
  const cells = stations.map((station, index) => {
    const x = CELL * index + CELL / 2;
    return html`<g class="${verdictClass(station.verdict)}" transform="translate(${x} 44)">${
      index === 0 ? html`` : arrow(station.isBroken, -CELL + 20, -20)
    }${shapeOf(station, index)}<text class="name" y="42" text-anchor="middle">${station.name}</text><text class="word" y="61" text-anchor="middle">${station.word}</text>${
      station.isBroken ? html`<text class="here" y="-28" text-anchor="middle">broken here</text>` : html``
    }</g>
`;
  });
  return html`<svg class="way wide" viewBox="0 0 ${width} 116" role="img" aria-label="${label}">
${cells}</svg>
`;
}

function tall(stations: readonly Station[], label: string): Markup {
  const rows = stations.map((station, index) => {
    const y = ROW * index + 22;
    const link = index === 0 ? html`` : html`<g transform="rotate(90)">${arrow(station.isBroken, -ROW + 18, -18)}</g>`;
    const here = station.isBroken ? html`<text class="here" x="32" y="22">broken here</text>` : html``;
    return html`<g class="${verdictClass(station.verdict)}" transform="translate(24 ${y})">${link}${shapeOf(station, index)}<text class="name" x="32" y="5">${station.name}</text><text class="word" x="310" y="5" text-anchor="end">${station.word}</text>${here}</g>
`;
  });
  return html`<svg class="way tall" viewBox="0 0 340 ${ROW * stations.length - 10}" role="img" aria-label="${label}">
${rows}</svg>
`;
}

/** The client is where the way begins, and not judged. */
function shapeOf({ verdict }: Station, index: number): Markup {
  return index === 0 ? html`<rect class="body" x="-14" y="-10" width="28" height="20" rx="3"/>` : verdictShape(verdict);
}

/** A line with a head along y = 0; a broken one is torn in its middle. */
function arrow(isBroken: boolean, from: number, to: number): Markup {
  const middle = (from + to) / 2;
  const head = html`<path class="head" d="M${to} 0 ${to - 7}-4V4Z"/>`;
  if (!isBroken) return html`<path class="line" d="M${from} 0H${to - 6}"/>${head}`;
  return html`<path class="line torn" d="M${from} 0H${middle - 5}M${middle - 8}-7 ${middle - 2} 7M${middle + 2}-7 ${middle + 8} 7M${middle + 5} 0H${to - 6}"/>${head}`;
}
