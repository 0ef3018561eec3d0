import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigurationError } from '../errors.ts';
import { configVerb, schemaVerb } from '../settings/verbs.ts';
import { runSimulate, type SimulateArguments } from '../simulator/command.ts';
import { quirkDescriptions } from '../simulator/quirks.ts';
import { type CallVerbOptions, callVerb } from './call.ts';
import { type CheckVerbOptions, checkVerb } from './check.ts';
import { type DemoVerbOptions, demoVerb } from './demo.ts';
import { healthcheckVerb } from './healthcheck.ts';
import { type InspectVerbOptions, inspectVerb } from './inspect.ts';
import { packageVersion } from './package-version.ts';
import { type RunVerbOptions, runVerb } from './run.ts';
import type { CommonOptions, Exit, Streams } from './streams.ts';
import { tapVerb } from './tap.ts';
import { testVerb } from './test-mappings.ts';
import { type TopVerbOptions, topVerb } from './top.ts';
import { type TopicsVerbOptions, topicsVerb } from './topics.ts';
import { validateVerb } from './validate.ts';
import { settingsVocabulary } from './vocabulary.ts';

/**
 * The command line: verbs, their options, their exit codes.
 *
 * @returns the exit code
 * @throws what a verb throws; wrong words on the command line are told on stderr and give 64 (EX_USAGE)
 */
export async function runProgram(argv: readonly string[], streams: Streams): Promise<Exit> {
  let exit: Exit = 0;
  const program = new Command('onvif-connector')
    .description('Every event of every ONVIF / IEC 60839-11-31 device, on MQTT and Kafka, with nothing lost silently.')
    .version(await packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
    })
    .showSuggestionAfterError()
    .showHelpAfterError('(onvif-connector --help tells the verbs)');
  const end = (code: Exit) => {
    exit = code;
  };
  addDaemonVerbs(program, streams, end);
  addDeviceVerbs(program, streams, end);
  addSettingsVerbs(program, streams, end);
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 64;
  }
  return exit;
}

type End = (code: Exit) => void;

/** 0 or 1, whatever went wrong: who asks for a device's or the daemon's health knows no other answer. */
async function asOne({ stderr }: Streams, run: () => Promise<Exit>): Promise<Exit> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    stderr.write(`${error.message}\n`);
    return 1;
  }
}

/** A verb with the options that all have. */
function verb(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('-c, --config <file>', 'configuration file (else $ONVIF_CONNECTOR_CONFIG, else config/connector.yaml)')
    .option('--json', 'machine output')
    .addOption(new Option('--log-format <format>', 'log lines on stderr').choices(['json', 'pretty']));
}

function addDaemonVerbs(program: Command, streams: Streams, end: End): void {
  verb(program, 'run', 'the daemon: subscribe to the devices, publish their events')
    .option('--set-aside-damaged-spool', 'move a damaged spool out of the way and start with an empty one')
    .option(
      '--watch',
      'reload when the configuration, or a mapping or certificate it names, changes (SIGHUP always reloads)',
    )
    .action(async (options: RunVerbOptions) => end(await runVerb(options, streams)));
  verb(program, 'healthcheck', "asks the running daemon's /readyz").action(async (options: CommonOptions) =>
    end(await asOne(streams, () => healthcheckVerb(options, streams))),
  );
  verb(program, 'top', 'devices and sinks of the running connector, live')
    .option('--once', 'one look, then end')
    .option('--interval <seconds>', 'between two looks (default 2)', positive)
    .option('--url <url>', 'of another connector; its token is $ONVIF_CONNECTOR_HTTP__TOKEN')
    .action(async (options: TopVerbOptions) => end(await topVerb(options, streams)));
  verb(program, 'demo', 'see it work: simulated devices, embedded broker, the real connector')
    .option('--events <n>', 'end after so many lines', positive)
    .option('--rate <n>', 'things happening a second and device', positive)
    .action(async (options: DemoVerbOptions) => end(await demoVerb(options, streams)));
  addSimulate(program, streams, end);
}

function addSimulate(program: Command, streams: Streams, end: End): void {
  verb(program, 'simulate', 'simulated devices alone')
    .option('--host <host>', 'address to listen at (default 127.0.0.1)')
    .option('--port <n>', 'first port; 0 takes free ones', whole, 8000)
    .option('--devices <n>', 'how many', positive, 1)
    .option('--rate <n>', 'things happening a second and device', fraction, 1)
    .option('--quirk <name...>', 'deviations from the standard; a wrong name lists them')
    .option('--scenario <file>', 'what happens when (YAML)')
    .option('--seed <n>', 'of the life the devices lead', whole)
    .option('--persistent-storage [n]', 'the devices keep their last n events for Seek (Core 9.1.5)', positive)
    .option('--username <name>', 'login the devices want; the password is $ONVIF_CONNECTOR_SIMULATE_PASSWORD')
    .addOption(new Option('--auth <kind>', 'kind of login').choices(['none', 'digest', 'username-token', 'both']))
    .option('--load-batch <n>', 'load mode: notifications in each answer', positive)
    .option('--load-total <n>', 'load mode: events of each device, then none', positive)
    .addOption(new Option('--load-kind <kind>', 'load mode: kind of events').choices(['access', 'motion']))
    .option('--load-interval <ms>', 'load mode: one batch an interval', positive)
    .addHelpText(
      'after',
      () =>
        `\nQuirks:\n${quirkDescriptions()
          .map(([name, says]) => `  ${name.padEnd(28)} ${says}`)
          .join('\n')}`,
    )
    .action(async ({ quirk = [], loadInterval, ...options }: SimulateFlags) => {
      const password = streams.env.ONVIF_CONNECTOR_SIMULATE_PASSWORD;
      const args = { ...options, quirks: quirk, ...defined({ password, loadIntervalMs: loadInterval }) };
      end(await runSimulate(args, streams));
    });
}

type SimulateFlags = Omit<SimulateArguments, 'quirks'> & { quirk?: string[]; loadInterval?: number };

function defined<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}

function addDeviceVerbs(program: Command, streams: Streams, end: End): void {
  verb(program, 'inspect', 'identity, services, capabilities and topics of a device')
    .argument('<device>', 'id of a configured device, or an address')
    .option('--username <name>', 'for an address; the password is $ONVIF_CONNECTOR_DEVICE_PASSWORD')
    .action(async (device: string, options: InspectVerbOptions) =>
      end(await asOne(streams, () => inspectVerb(device, options, streams))),
    );
  verb(program, 'call', 'any operation of a device, device I/O, event or access control service; JSON in, JSON out')
    .argument('<device>', 'id of a configured device, or an address')
    .argument('<operation>', 'service.Operation, such as deviceio.SetRelayOutputState')
    .argument('[json]', 'arguments; - reads them from standard input')
    .option('--username <name>', 'for an address; the password is $ONVIF_CONNECTOR_DEVICE_PASSWORD')
    .action(async (device: string, operation: string, json: string | undefined, options: CallVerbOptions) =>
      end(await asOne(streams, () => callVerb(device, operation, json, options, streams))),
    );
  verb(program, 'tap', 'events as NDJSON; nothing published, nothing stored')
    .argument('[devices...]', 'ids of configured devices (none: all)')
    .action(async (devices: string[], options: CommonOptions) => end(await tapVerb(devices, options, streams)));
}

function addSettingsVerbs(program: Command, streams: Streams, end: End): void {
  verb(program, 'validate', 'configuration and mappings, every fault at once').action(async (options: CommonOptions) =>
    end(await validateVerb(options, streams)),
  );
  verb(program, 'check', 'validate, then reach every device and broker and say what each can do')
    .option('--timeout <seconds>', 'how long each may take (default 20)', positive)
    .action(async (options: CheckVerbOptions) => end(await checkVerb(options, streams)));
  addTopics(program, streams, end);
  verb(program, 'test', 'mapping tests: event in, messages out')
    .argument('[files...]', 'files of tests (none: those of all mappings, ours and yours)')
    .action(async (files: string[], options: CommonOptions) => end(await testVerb(files, options, streams)));
  verb(program, 'config', 'the effective configuration, secrets masked').action(async (options: CommonOptions) =>
    end(await configVerb({ ...options, vocabulary: await settingsVocabulary() }, streams)),
  );
  verb(program, 'schema', 'JSON Schema of the configuration')
    .option('--markdown', 'as the reference of docs/configuration.md')
    .action(async (options: { markdown?: boolean }) => end(await schemaVerb(options, streams)));
}

function addTopics(program: Command, streams: Streams, end: End): void {
  const topics = program
    .command('topics')
    .description('topics of the Kafka sinks: what they should be, and what is there');
  for (const [act, says] of [
    ['plan', 'print what is there and what is missing; changes nothing'],
    ['create', 'create what is missing; what is there stays as it is'],
  ] as const) {
    verb(topics, act, says)
      .argument('[sinks...]', 'names of Kafka sinks (none: all)')
      .option(
        '--partitions <n>',
        'of events and state; cannot be changed later without mixing up the order (default 6)',
        positive,
      )
      .option(
        '--replication-factor <n>',
        'copies of each record (default 3, or as many as there are brokers)',
        positive,
      )
      .action(async (names: string[], options: TopicsVerbOptions) =>
        end(await topicsVerb(act, names, options, streams)),
      );
  }
}

function number(text: string, ok: (value: number) => boolean, what: string): number {
  const value = Number(text);
  if (text.trim() === '' || !ok(value)) throw new InvalidArgumentError(`It must be ${what}.`);
  return value;
}

const positive = (text: string) =>
  number(text, (value) => Number.isInteger(value) && value > 0, 'a whole number from 1');
const whole = (text: string) => number(text, (value) => Number.isInteger(value) && value >= 0, 'a whole number from 0');
const fraction = (text: string) => number(text, (value) => Number.isFinite(value) && value >= 0, 'a number from 0');
