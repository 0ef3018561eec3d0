import { describe, expect, it } from 'vitest';
import { rulesFaults } from '../../test/support/mapping-rig.ts';

/** Faults of one rule `it`, written on line 4 of its file. */
const ofRule = (rule: string) =>
  rulesFaults(`rules:\n  - { name: it, ${rule} }`).map((fault) => fault.replace('mine.yaml:4: ', ''));

const FAULTS: readonly (readonly [string, string])[] = [
  [
    'match: { topic: "Door//." }',
    "rule 'it': the topic expression 'Door//.' lacks the prefix of the root topic; did you mean 'tns1:Door//.'?",
  ],
  [
    'match: { topic: "tsn1:Door" }',
    `rule 'it': the topic expression 'tsn1:Door' has the prefix "tsn1"; did you mean 'tns1'?`,
  ],
  [
    'match: { topic: "tns1:Door/*" }',
    `rule 'it': the topic expression 'tns1:Door/*' has no "*" in ConcreteSet: "//." after a topic means it and all below`,
  ],
  [
    'match: { topic: "tns1:Door//State" }',
    `rule 'it': the topic expression 'tns1:Door//State' may have "//" only at the end, as "//."`,
  ],
  ['match: { topic: "tns1:Door|" }', "rule 'it': the topic expression 'tns1:Door|' has an empty topic path"],
  ['match: { operation: Chagned }', "'rules.it.match.operation' cannot be \"Chagned\"; did you mean 'Changed'?"],
  ['match: { topics: x }', "'rules.it.match.topics' is not known; did you mean 'topic'?"],
  ['match: { where: { $data.X: 1 } }', "rule 'it': '$data.X' is not a path; here a path stands without $"],
  ['match: { where: { dta.X: 1 } }', "rule 'it': there is no 'dta' to begin a path with; did you mean 'data'?"],
  ['match: { where: { data.X: { abov: 1 } } }', "rule 'it': 'abov' is no condition; did you mean 'above'?"],
  ['match: { where: { data.X: { above: x } } }', "rule 'it': must be a number"],
  [
    'match: { where: { data.X: } }',
    "rule 'it': must be a text, a number or true or false; for nothing there, write { present: false }",
  ],
  ['topic: "a/{source.X"', "rule 'it': topic 'a/{source.X': has an open brace: a brace itself is written {{ or }}"],
  [
    'topic: "a/{nme}"',
    "rule 'it': topic 'a/{nme}': {nme}: there is no 'nme' to begin a path with; did you mean 'name'?",
  ],
  ['topic: "a/{name|upper}"', "rule 'it': topic 'a/{name|upper}': {name|upper}: after | stands path or percent"],
  ['topic: "a/#"', "rule 'it': topic 'a/#': cannot hold '#', '+' or control characters: a topic may not"],
  ['topic: "$SYS/x"', "rule 'it': topic '$SYS/x': starts with '$': such topics belong to the broker"],
  [
    'topic: "a/{data.CredentialHolderName}"',
    "rule 'it': topic 'a/{data.CredentialHolderName}': {data.CredentialHolderName}: names of people never get into topics, keys and attributes",
  ],
  ['topic: "a/{let.x}"', "rule 'it': topic 'a/{let.x}': {let.x}: there is no let 'x' before this; there is none"],
  ['payload: $devise', "rule 'it': there is no 'devise' to begin a path with; did you mean 'device'?"],
  ['payload: $identity.Manufacturer', "rule 'it': identity has no 'Manufacturer'; did you mean 'manufacturer'?"],
  ['payload: $5', `rule 'it': '5' is not a path; a text that starts with $ is written { $const: "$…" }`],
  ['payload: { $lokup: x }', "rule 'it': '$lokup' is not known; did you mean '$lookup'?"],
  ['payload: { $path: data.X, othrwise: 1 }', "rule 'it': 'othrwise' is not known; did you mean 'otherwise'?"],
  ['payload: { $values: { a: 1 } }', "rule 'it': $values needs 'of'"],
  ['payload: { $time: $time, as: epoch }', "rule 'it': 'as' cannot be epoch; did you mean 'epoch-s'?"],
  ['payload: { $first: $data.X }', "rule 'it': $first needs a list of values"],
  [
    'payload: { $template: "{data.X" }',
    "rule 'it': the template has an open brace: a brace itself is written {{ or }}",
  ],
  [
    'extensions: { Bad_Name: 1 }',
    "rule 'it': 'Bad_Name' cannot name an attribute: CloudEvents wants 1 to 20 of a-z and 0-9",
  ],
  ['drop: true, topic: x', "rule 'it': 'topic' makes no sense with drop: true"],
  [
    'topic: x, emit: [{ topic: y }]',
    "rule 'it': 'topic' stands beside emit: write it into its messages, or into defaults",
  ],
  ['let: { "a b": 1 }', "rule 'it': 'a b' cannot be a name: letters, digits, _ and -"],
  ['retain: sometimes', '\'rules.it.retain\' cannot be "sometimes"; must be never or properties or always'],
  ['contenttype: x', "'rules.it.contenttype' is not known; did you mean 'contentType'?"],
];

describe('faults of a rule', () => {
  it.each(FAULTS)('%s', (rule, fault) => {
    expect(ofRule(rule)).toEqual([fault]);
  });
});

describe('faults of a file of rules', () => {
  it('are told all at once, each with its line, also where its shape is wrong elsewhere', () => {
    expect(
      rulesFaults(`
privacy: { Card: hide, "Door//.": { X: hash } }
defaults:
  payload: { a: $devise }
  retian: never
tables:
  two: { rows: {}, csv: x.csv }
let:
  x: $let.y
  y: { $jsonata: "$sum(" }
rules:
  - name: one
    topic: "{lokal}"
  - name: two
    retain: sometimes
    topic: "{this is not looked at, as the rule is no rule"
  - name: one
    payload: { $lookup: two, key: { $lookup: three, key: 1 } }
`),
    ).toEqual([
      'mine.yaml:4: \'privacy.Card\' cannot be "hide"; must be keep, hash, drop',
      "mine.yaml:4: privacy: the topic expression 'Door//.' lacks the prefix of the root topic; did you mean 'tns1:Door//.'?",
      "mine.yaml:7: 'defaults.retian' is not known; did you mean 'retain'?",
      "mine.yaml:9: table 'two': must have either 'rows' or 'csv'",
      "mine.yaml:11: there is no let 'y' before this; there is none",
      'mine.yaml:12: the JSONata expression Expected ")" before end of expression (at character 5)',
      "mine.yaml:15: rule 'one': topic '{lokal}': {lokal}: there is no 'lokal' to begin a path with; did you mean 'local'?",
      'mine.yaml:17: \'rules.two.retain\' cannot be "sometimes"; must be never or properties or always',
      "mine.yaml:19: there is a rule 'one' before this one",
      "mine.yaml:20: rule 'one': there is no table 'three'; known are two",
    ]);
  });

  it('of the defaults are told once, however many rules have them', () => {
    expect(rulesFaults('defaults: { payload: { a: $devise } }\nrules: [{ name: a }, { name: b }]')).toEqual([
      "mine.yaml:3: rule 'a': there is no 'devise' to begin a path with; did you mean 'device'?",
    ]);
  });

  it('are none where a rule has what the defaults ask for', () => {
    expect(
      rulesFaults('defaults: { payload: $let.a }\nrules: [{ name: a, let: { a: 1 } }, { name: b, let: { a: 2 } }]'),
    ).toEqual([]);
    expect(
      rulesFaults('defaults: { payload: $let.a }\nrules: [{ name: a, let: { a: 1 } }, { name: b }, { name: c }]'),
    ).toHaveLength(2);
  });

  it('are bounded in depth', () => {
    const deep = `${'['.repeat(50)}1${']'.repeat(50)}`;
    expect(rulesFaults(`rules: [{ name: it, payload: ${deep} }]`)).toEqual([
      "mine.yaml:3: rule 'it': is nested deeper than 32",
    ]);
  });
});
