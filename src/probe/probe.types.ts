/** Where a connection goes: the address that the world knows, or a NodePort of one node. */
export type ProbePlace = 'published' | 'entrypoint' | 'gateway';

/** One address and port that is connected to. */
export interface ProbeTarget {
  readonly place: ProbePlace;
  /** `Gateway default/web`. */
  readonly subject: string;
  /** Port of the entrypoint that it stands for: 80. */
  readonly listenerPort: number;
  /** Node's name; empty for published addresses. */
  readonly node: string;
  /** IP address, or the host name of a domain load balancer. */
  readonly address: string;
  readonly port: number;
  /** `tls`: a handshake whose certificate is not verified, and nothing more. */
  readonly speaks: 'http' | 'tls' | 'tcp';
  /** Host header and server name; empty: the address. */
  readonly hostname: string;
}

export const PROBE_OUTCOMES = ['answered', 'refused', 'timed-out', 'reset', 'unreachable', 'failed'] as const;

/**
 * What became of a connection. `answered`: by HTTP with any status, by a TLS handshake, or by TCP alone where the
 * listener speaks neither. `failed`: anything else, such as a name that is not known.
 */
export type ProbeOutcome = (typeof PROBE_OUTCOMES)[number];

/** One connection. */
export interface Attempt {
  readonly outcome: ProbeOutcome;
  /** Until the first byte of the answer, milliseconds; of `answered` only, else 0. */
  readonly latencyMs: number;
  /** HTTP status; 0: none was asked for, or what answered speaks no HTTP. */
  readonly status: number;
}

/** A connection that this machine itself could not begin: it says nothing of the other end. */
export interface Untried {
  readonly outcome: 'not-tried';
  /** The system's: EADDRNOTAVAIL, EMFILE, … */
  readonly code: string;
}

/** What became of all connections to one target. */
export interface ProbeResult {
  readonly target: ProbeTarget;
  /** Only those that were begun. */
  readonly attempts: readonly Attempt[];
}

/** How much is asked at most. */
export interface ProbeLimits {
  /** Connections to each target. */
  readonly count: number;
  /** New connections a second, to all targets together. */
  readonly perSecond: number;
  /** No connection begins later than this, milliseconds. */
  readonly timeMs: number;
  /** Of one connection, milliseconds. */
  readonly timeoutMs: number;
}

export interface ProbeMeasurement {
  readonly results: readonly ProbeResult[];
  /** Connections that the time was too short for. */
  readonly leftOut: number;
  /** How many connections this machine could not begin, by the system's code. */
  readonly untried: Readonly<Record<string, number>>;
}
