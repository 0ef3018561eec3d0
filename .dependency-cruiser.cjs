// The import order of docs/architecture.md, held in CI, type imports included.
// A room of the river imports the commons and the rooms before it in the flow; compose.ts alone wires them.
const river = ['device', 'subscription', 'normalize', 'spool', 'mapping', 'sink', 'supervision'];
const beside = ['discovery', 'api', 'settings', 'telemetry', 'simulator'];
const room = (name) => `^connector/${name}/`;
const test = '\\.test\\.ts$';

const upstreamOnly = river.map((name, at) => ({
  name: `${name}-imports-upstream`,
  comment: `connector/${name} may import only the commons and the rooms before it in the flow`,
  severity: 'error',
  from: { path: room(name), pathNot: test },
  to: { path: '^connector/', pathNot: ['^connector/(errors|clock|did-you-mean)\\.ts$', ...river.slice(0, at + 1).map(room)] },
}));

const apart = beside.map((name) => ({
  name: `${name}-stands-apart`,
  comment: `connector/${name} is beside the river: it imports only itself and the commons`,
  severity: 'error',
  from: { path: room(name), pathNot: test },
  to: { path: '^connector/', pathNot: ['^connector/(errors|clock|did-you-mean)\\.ts$', room(name)] },
}));

module.exports = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'commons-import-nothing', severity: 'error', from: { path: '^connector/(errors|clock|did-you-mean)\\.ts$' }, to: { path: '^connector/' } },
    ...upstreamOnly,
    ...apart,
    {
      name: 'operations-import-upstream',
      comment: 'operations do with a device what the river does, without its store and sinks',
      severity: 'error',
      from: { path: room('operations'), pathNot: test },
      to: { path: '^connector/', pathNot: ['^connector/(errors|clock|did-you-mean)\\.ts$', room('operations'), ...['device', 'subscription', 'normalize'].map(room)] },
    },
    {
      name: 'commands-stand-apart',
      comment: 'commands answer requests: they know the names of operations and the messages of a sink, and no device',
      severity: 'error',
      from: { path: room('commands'), pathNot: test },
      to: { path: '^connector/', pathNot: ['^connector/(errors|clock|did-you-mean)\\.ts$', ...['commands', 'operations'].map(room), '^connector/(sink/sink|mapping/mapping)\\.ts$'] },
    },
    { name: 'only-cli-and-main-know-compose', severity: 'error', from: { pathNot: ['^connector/(cli/|main\\.ts|compose)', test] }, to: { path: '^connector/compose' } },
    { name: 'only-main-knows-cli', severity: 'error', from: { pathNot: ['^connector/(cli/|main\\.ts)', test] }, to: { path: '^connector/cli/' } },
    { name: 'no-orphans', severity: 'error', from: { orphan: true, pathNot: test }, to: {} },
  ],
  options: { tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' }, doNotFollow: { path: 'node_modules' } },
};
