import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { NS } from '../device/namespaces.ts';
import { ConfigurationError } from '../errors.ts';
import { readTopicNamespaces } from './topic-namespaces.ts';

const FILE = 'mappings/topic-namespaces.yaml';
const AXIS = 'http://www.axis.com/2009/event/topics';

function faultsOf(data: unknown): string[] {
  try {
    readTopicNamespaces(data, 'f.yaml');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message.split('\n');
  }
  return [];
}

const withNamespaces = (namespaces: unknown) => ({ version: 1, namespaces });

describe('the shipped aliases', () => {
  const aliases = readTopicNamespaces(parse(readFileSync(new URL(`../../${FILE}`, import.meta.url), 'utf8')), FILE);

  it('lead from a namespace to its alias and back', () => {
    expect(aliases.aliasOf(AXIS)).toBe('tnsaxis');
    expect(aliases.uriOf('tnsaxis')).toBe(AXIS);
    expect(aliases.aliasOf('http://www.hikvision.com/2011/event/topics')).toBe('tnshik');
    expect(aliases.entries.size).toBe(11);
    for (const [alias, uri] of aliases.entries) expect(aliases.aliasOf(uri)).toBe(alias);
  });

  it('tell two namespaces apart that devices declare under one prefix', () => {
    expect(aliases.aliasOf('http://www.eventextension.com/2011/event/topics')).toBe('tnsn');
    expect(aliases.aliasOf('http://www.eventextension.com/2012/event/topics')).toBe('tnsn2012');
  });

  it('imply tns1 without listing it', () => {
    expect(aliases.aliasOf(NS.tns1)).toBe('tns1');
    expect(aliases.uriOf('tns1')).toBe(NS.tns1);
    expect(aliases.entries.has('tns1')).toBe(false);
  });

  it('know nothing of a namespace or alias that is not there', () => {
    expect(aliases.aliasOf('urn:unknown')).toBeUndefined();
    expect(aliases.aliasOf('')).toBeUndefined();
    expect(aliases.uriOf('constructor')).toBeUndefined();
  });
});

describe('a file of aliases', () => {
  it('may be empty', () => {
    expect(readTopicNamespaces(withNamespaces({}), 'f.yaml').entries.size).toBe(0);
  });

  it.each([null, 'text', []])('that holds %j is refused', (data) => {
    expect(faultsOf(data)).toContain("f.yaml: must hold 'version: 1' and 'namespaces: …'");
  });

  it('needs version 1 and namespaces, and nothing else', () => {
    expect(faultsOf({ aliases: {} })).toEqual([
      "f.yaml: 'version' must be 1, not missing",
      "f.yaml: 'aliases' is not known; known are version, namespaces",
      "f.yaml: 'namespaces' must be a map of aliases and URIs, not missing",
    ]);
  });

  it('cannot give tns1 another meaning, nor its namespace another alias', () => {
    expect(faultsOf(withNamespaces({ tns1: AXIS, onvif: NS.tns1 }))).toEqual([
      `f.yaml: namespaces.tns1: tns1 always means ${NS.tns1}; remove the line`,
      `f.yaml: namespaces.onvif: ${NS.tns1} already has the alias tns1; a namespace has one`,
    ]);
  });

  it('cannot give one namespace two aliases', () => {
    expect(faultsOf(withNamespaces({ a: AXIS, b: AXIS }))).toEqual([
      `f.yaml: namespaces.b: ${AXIS} already has the alias a; a namespace has one`,
    ]);
  });

  it.each(['1axis', 'a:b', 'a/b', 'a b', ''])('cannot have the alias %j', (alias) => {
    expect(faultsOf(withNamespaces({ [alias]: AXIS }))).toEqual([
      `f.yaml: namespaces.${alias}: is no alias; use letters, digits, _ . and -, a letter or _ first`,
    ]);
  });

  it.each([5, null, '', 'axis', 'http://a b'])('cannot have the URI %j', (uri) => {
    expect(faultsOf(withNamespaces({ a: uri }))).toEqual([
      `f.yaml: namespaces.a: cannot be ${JSON.stringify(uri)}; write the namespace URI`,
    ]);
  });
});
