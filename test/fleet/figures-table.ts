/** Two columns for a terminal and for Markdown alike. */
export function figuresTable(title: string, rows: readonly (readonly [what: string, figure: string])[]): string {
  const width = Math.max(title.length, ...rows.map(([what]) => what.length));
  const line = (what: string, figure: string) => `| ${what.padEnd(width)} | ${figure} |\n`;
  return `\n${line(title, '')}| ${'-'.repeat(width)} | --- |\n${rows.map(([what, figure]) => line(what, figure)).join('')}\n`;
}
