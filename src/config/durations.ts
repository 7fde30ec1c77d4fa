const DURATION = /^(?=\d)(?:(\d{1,6})h)?(?:(\d{1,8})m(?!s))?(?:(\d{1,9})s)?(?:(\d{1,12})ms)?$/;

/** One week. Longer waits are always a slip of the pen, and timers overflow after 24 days. */
export const LONGEST_DURATION_MS = 7 * 24 * 3_600_000;

/** `1h30m`, `10m`, `30s`, `500ms` or a bare `0` in milliseconds; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') {
    return 0;
  }
  const match = DURATION.exec(text);
  if (match === null) {
    return undefined;
  }
  const [hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + milliseconds;
}

/** Milliseconds as `parseDuration` reads them: `1h30m`. */
export function formatDuration(ms: number): string {
  const parts = [
    [Math.floor(ms / 3_600_000), 'h'],
    [Math.floor(ms / 60_000) % 60, 'm'],
    [Math.floor(ms / 1000) % 60, 's'],
    [Math.round(ms % 1000), 'ms'],
  ] as const;
  const text = parts.map(([amount, unit]) => (amount === 0 ? '' : `${amount}${unit}`)).join('');
  return text === '' ? '0s' : text;
}

/** What is wrong with a text that is no duration, and how to write it. */
export function explainDuration(text: string): { readonly what: string; readonly fix: string } {
  if (/^\d+$/.test(text)) {
    return { what: `${text} has no unit`, fix: `Write ${text}s for seconds or ${text}m for minutes.` };
  }
  return { what: `"${text}" is no duration`, fix: 'Write hours, minutes and seconds like 30s, 10m or 1h30m.' };
}
