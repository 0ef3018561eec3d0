/** One deviation: what the device does, and where it was seen or which clause it strains. */
export interface QuirkEntry {
  readonly says: string;
  readonly from: string;
  /** The quirk may be given a number; this one stands where none is given. */
  readonly value?: number;
}
