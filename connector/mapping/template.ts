import { type Lets, readPath } from './rules-path.ts';
import type { Scope } from './rules-scope.ts';
import { topicLevel, topicPath } from './topic-text.ts';

/*
 *   template    = *( text / "{{" / "}}" / "{" placeholder "}" )
 *   placeholder = path [ "|path" / "|percent" ] [ ":-" text ]
 */

/** What a template is for decides what is let through. */
export type TemplateUse = 'topic' | 'key' | 'text';

export interface Template {
  /** The text; undefined where a placeholder has no value. */
  fill(scope: Scope): string | undefined;
  /** The placeholder that has none, for an error. */
  missing(scope: Scope): string | undefined;
  readonly usesIdentity: boolean;
}

type Part = string | { readonly written: string; readonly text: (scope: Scope) => string | undefined };

const CONTROL = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu;
const LONGEST = 4096;

/** Reads a template. @returns what is wrong with it, where anything is */
export function readTemplate(written: string, use: TemplateUse, lets: Lets): Template | { readonly faults: string[] } {
  const faults: string[] = written.length > LONGEST ? [`is longer than ${LONGEST} characters`] : [];
  const parts: Part[] = [];
  let usesIdentity = false;
  for (const piece of pieces(written)) {
    if (typeof piece !== 'string') {
      const placeholder = readPlaceholder(piece.inside, use, lets);
      if ('fault' in placeholder) faults.push(placeholder.fault);
      else {
        parts.push({ written: `{${piece.inside}}`, text: placeholder.text });
        usesIdentity ||= placeholder.usesIdentity;
      }
    } else if (/(?<!\{)\{(?!\{)|(?<!\})\}(?!\})/.test(piece))
      faults.push('has an open brace: a brace itself is written {{ or }}');
    else parts.push(piece.replaceAll('{{', '{').replaceAll('}}', '}'));
  }
  if (use === 'topic') faults.push(...topicFaults(written, parts));
  if (faults.length > 0) return { faults };
  return compiled(parts, usesIdentity);
}

function compiled(parts: readonly Part[], usesIdentity: boolean): Template {
  return {
    usesIdentity,
    fill(scope) {
      let text = '';
      for (const part of parts) {
        const piece = typeof part === 'string' ? part : part.text(scope);
        if (piece === undefined) return undefined;
        text += piece;
      }
      return text;
    },
    missing(scope) {
      const part = parts.find((each) => typeof each !== 'string' && each.text(scope) === undefined);
      return typeof part === 'object' ? part.written : undefined;
    },
  };
}

/** Text and placeholders in turn. */
function pieces(written: string): (string | { readonly inside: string })[] {
  const found: (string | { readonly inside: string })[] = [];
  let text = '';
  for (const token of written.match(/\{\{|\}\}|\{[^{}]*\}|[^{}]+|[{}]/g) ?? []) {
    if (!/^\{[^{]/.test(token) || token.length < 2 || !token.endsWith('}')) text += token;
    else {
      if (text !== '') found.push(text);
      text = '';
      found.push({ inside: token.slice(1, -1) });
    }
  }
  if (text !== '') found.push(text);
  return found;
}

interface Placeholder {
  readonly text: (scope: Scope) => string | undefined;
  readonly usesIdentity: boolean;
}

function readPlaceholder(inside: string, use: TemplateUse, lets: Lets): Placeholder | { fault: string } {
  const split = inside.indexOf(':-');
  const otherwise = split < 0 ? undefined : inside.slice(split + 2);
  const [written = '', rule, ...more] = (split < 0 ? inside : inside.slice(0, split))
    .split('|')
    .map((text) => text.trim());
  if (more.length > 0 || (rule !== undefined && rule !== 'path' && rule !== 'percent'))
    return { fault: `{${inside}}: after | stands path or percent` };
  const path = readPath(written, lets);
  if ('fault' in path) return { fault: `{${inside}}: ${path.fault}` };
  if (use !== 'text' && path.namesPerson)
    return { fault: `{${inside}}: names of people never get into topics, keys and attributes` };
  const slash = rule === 'path' || path.hasLevels ? 'keep' : rule === 'percent' ? 'percent' : 'strip';
  const { read, usesIdentity } = path;
  const clean = (text: string) =>
    use === 'topic' ? topicLevel(text, slash) : use === 'key' ? text.replace(CONTROL, '') : text;
  const instead = otherwise === undefined ? undefined : clean(otherwise);
  return {
    usesIdentity,
    text(scope) {
      const text = textOf(read(scope));
      return text === undefined ? instead : clean(text);
    },
  };
}

/** Text of a scalar, `a,b` of several; undefined for objects and nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const texts = value.map((each) => (Array.isArray(each) ? undefined : textOf(each)));
  return texts.includes(undefined) ? undefined : texts.join(',');
}

function topicFaults(written: string, parts: readonly Part[]): string[] {
  const faults: string[] = [];
  const text = parts.filter((part) => typeof part === 'string').join('');
  if (topicPath(text) !== text) faults.push("cannot hold '#', '+' or control characters: a topic may not");
  if (written.startsWith('$')) faults.push("starts with '$': such topics belong to the broker");
  if (written.startsWith('/') || written.endsWith('/')) faults.push("must not start or end with '/'");
  if (written === '') faults.push('is empty');
  return faults;
}
