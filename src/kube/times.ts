/** `metav1.MicroTime`: RFC 3339 with six decimals. Lease and Event refuse fewer when they are decoded strictly. */
export function microTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace('Z', '000Z');
}

/** `metav1.Time`: RFC 3339 with whole seconds. */
export function wholeSeconds(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
