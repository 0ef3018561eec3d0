import type { Path } from './tree.ts';

/** One thing that is wrong with a configuration, as it is printed and as `validate --json` tells it. */
export interface Fault {
  /** The file, `$NAME` for an environment variable; null where it has neither. */
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  /** `devices.0.address`; '' for the whole. */
  readonly path: string;
  /** Starts like the end of a sentence about `path`; holds no secret. */
  readonly message: string;
  /** What was probably meant, ready to be written instead. */
  readonly suggestion: string | null;
}

/** A fault before its place in the file is looked up. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly suggestion?: string | undefined;
  /** Point at the key, not at its value. */
  readonly atKey?: boolean;
  /** Repeat the value that stands there, as it is written: never for secrets. */
  readonly got?: boolean;
}

/** `config/connector.yaml:12:5 devices.0.adress: unknown key (did you mean "address"?)` */
export function faultLine(fault: Fault): string {
  const place = [fault.file, fault.line, fault.column].filter((part) => part !== null).join(':');
  const where = [place, fault.path].filter((part) => part !== '').join(' ');
  const meant = fault.suggestion === null ? '' : ` (did you mean "${fault.suggestion}"?)`;
  return `${where === '' ? '' : `${where}: `}${fault.message}${meant}`;
}
