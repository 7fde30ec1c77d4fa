/** An object exactly as the API server sent it: parsed JSON, nothing promised about its shape. */
export type RawObject = Readonly<Record<string, unknown>>;

/** Which object is meant. `namespace` is empty for cluster-scoped kinds. */
export interface ObjectRef {
  readonly namespace: string;
  readonly name: string;
}

/** The metadata that the program reads, already checked and defaulted. */
export interface Meta extends ObjectRef {
  readonly uid: string;
  /** Opaque version of this state of the object; empty when the server sent none. */
  readonly resourceVersion: string;
  readonly generation: number;
  /** RFC 3339, empty when absent. */
  readonly creationTimestamp: string;
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly owners: readonly OwnerReference[];
}

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller: boolean;
}
