/** An endpoint reference as a device gave it (WS-Addressing 1.0 section 2), serializable into a checkpoint. */
export interface SubscriptionReference {
  /** `wsa:Address` verbatim: goes into `wsa:To` exactly as given, even where the connection goes elsewhere. */
  readonly address: string;
  /** Each child of `wsa:ReferenceParameters` as self-contained XML, echoed verbatim as a header block. */
  readonly referenceParameters: readonly string[];
}
