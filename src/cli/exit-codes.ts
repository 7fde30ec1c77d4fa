/** What the process ends with. The same for every command. */
export const EXIT = {
  /** In sync, or everything applied; nothing fails. */
  ok: 0,
  /** A usage, configuration, connection or write error, even if other writes succeeded. */
  error: 1,
  /** Pending or declined actions, a `fail` finding, or stopped by a second writer. */
  pending: 2,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
