import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { faultLine } from './fault.ts';
import { settingsJsonSchema } from './json-schema.ts';
import { readSettings } from './load-settings.ts';
import { jsonSchemaText } from './verbs.ts';

const inPackage = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const EXAMPLE = inPackage('config/connector.yaml');

describe('config/connector.schema.json', () => {
  it('is what the settings say', async () => {
    const stored = await readFile(inPackage('config/connector.schema.json'), 'utf8');
    expect(stored, 'out of date: npx onvif-connector schema > config/connector.schema.json').toBe(jsonSchemaText());
  });
});

describe('config/connector.yaml', () => {
  it('loads without faults, warnings or environment', async () => {
    const { faults, warnings, settings } = await readSettings({ file: EXAMPLE, env: {} });
    expect([...faults, ...warnings].map(faultLine)).toEqual([]);
    expect(settings?.devices.map(({ id }) => id)).toEqual(['front-door', 'gate']);
  });

  it('names its schema for editors', async () => {
    const [first] = (await readFile(EXAMPLE, 'utf8')).split('\n');
    expect(first).toBe('# yaml-language-server: $schema=./connector.schema.json');
  });

  it('would load with every commented line in use as well', async () => {
    const text = (await readFile(EXAMPLE, 'utf8'))
      .replace(/^(\s*)# (?=(?:- )?\w+:| {2}\w+:)/gm, '$1')
      .replace('sha256:…', 'ab'.repeat(32));
    const files: Record<string, string> = { [EXAMPLE]: text, '/run/secrets/gate': 'secret\n' };
    const env = { MQTT_PASSWORD: 'm', UI_TOKEN: 't' };
    const read = await readSettings({
      file: EXAMPLE,
      env,
      readFile: async (path) => files[path] ?? Promise.reject(new Error(path)),
    });
    expect(read.faults.map(faultLine)).toEqual([]);
    expect(read.settings?.sinks.map(({ name }) => name)).toEqual(['broker', 'debug']);
    expect(read.settings?.devices[1]?.password?.reveal()).toBe('secret');
  });
});

describe('settingsJsonSchema', () => {
  const accepts = (yaml: string) => z.fromJSONSchema(settingsJsonSchema() as never).safeParse(parse(yaml)).success;

  it('describes every key', () => {
    const bare: string[] = [];
    const look = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      const { properties = {}, ...rest } = schema as Record<string, Record<string, unknown>>;
      for (const [key, inner] of Object.entries(properties)) {
        if (!(inner as { description?: string }).description) bare.push(`${path}.${key}`);
        look(inner, `${path}.${key}`);
      }
      for (const [key, inner] of Object.entries(rest)) look(inner, `${path}/${key}`);
    };
    look(settingsJsonSchema(), '');
    expect(bare).toEqual([]);
  });

  it('accepts the example', async () => {
    expect(accepts(await readFile(EXAMPLE, 'utf8'))).toBe(true);
  });

  it.each([
    'devices: [{ id: a, address: x, pullTimeout: PT1M, password: { env: X } }]',
    'devices: [{ id: a, address: x, messageLimit: "$' +
      '{LIMIT:100}", flow: "$' +
      '{FLOW}", pullTimeout: "$' +
      '{T:1m}" }]',
    'sinks: [{ name: a, type: mqtt, url: "mqtt://h", protocol: 5 }]',
    'spool: { maxBytes: 1073741824 }',
  ])('accepts %s', (yaml) => {
    expect(accepts(yaml)).toBe(true);
  });

  it.each([
    'devicess: []',
    'devices: [{ id: a, adress: x }]',
    'devices: [{ id: "a b", address: x }]',
    'devices: [{ id: a, address: x, pullTimeout: 60 }]',
    'devices: [{ id: a, address: x, pullTimeout: soon }]',
    'devices: [{ id: a, address: x, flow: pull }]',
    'sinks: [{ name: a, type: mqqt }]',
    'deviceDefaults: { id: a }',
  ])('refuses %s', (yaml) => {
    expect(accepts(yaml)).toBe(false);
  });
});
