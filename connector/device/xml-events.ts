/** A start tag as a parser tells it: names as written, values with their references resolved. */
export interface XmlTag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a document is told to while it is read. */
export interface XmlEvents {
  /** False while nobody wants character data: then it is not even cut out. */
  readonly wantsText: boolean;
  open(tag: XmlTag): void;
  close(name: string): void;
  text(text: string): void;
}
