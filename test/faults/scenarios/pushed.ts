import { settingsVocabulary } from '../../../connector/cli/vocabulary.ts';
import { freePort } from '../../support/free-port.ts';
import { readSettingsText } from '../../support/settings-from-text.ts';
import { type Scenario, sleep } from '../harness/scenario.ts';

const port = await freePort();
const baseNotification = { listen: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}` };

/** What the configuration says to base notification: null where it takes it. */
async function refusal(): Promise<string | null> {
  const devices = [{ id: 'door', address: 'http://127.0.0.1/', flow: 'base-notification' }];
  const text = JSON.stringify({ baseNotification, devices });
  const { faults } = await readSettingsText(text, { vocabulary: await settingsVocabulary() });
  return faults.length === 0 ? null : `the configuration does not take base notification: ${faults[0]!.message}`;
}

const refused = await refusal();

/** Each Notify comes twice, and of two messages the later one first. */
export const reorderedNotify: Scenario = {
  name: 'duplicate and reordered Notify',
  impossible: () => refused,
  // Such a device sends its messages one by one, each twice, and waits for the answer every time.
  rate: 15,
  world: {
    simulator: { quirks: ['duplicate-notify', 'reordered-notify'] },
    device: { flow: 'base-notification' },
    settings: () => ({ baseNotification }),
  },
  async strike(world) {
    // Nothing is lost by it: a gap would be claimed without need.
    await world.fault('doubled and reordered', 'broker', () => sleep(8_000));
    world.strikes++;
  },
  extra({ envelope }) {
    const numbers = envelope.filter(({ record }) => record?.kind === 'notification').length;
    return numbers > 0 ? [] : ['nothing was notified'];
  },
  expected: { pushed: true, deviceReorders: true },
};
