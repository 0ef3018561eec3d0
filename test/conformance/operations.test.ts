import { expect, it } from 'vitest';
import { publishedOperations } from '../support/published-operations.ts';
import { sharedPath } from '../support/shared-folder.ts';

const folder = sharedPath('ONVIF_SCHEMA', '../shared/onvif/schema');

const COMMENT =
  'Operations of the ONVIF services, and the types they are made of: what "call" builds requests and reads answers by. Read out of the published WSDL and XSD: npx vitest run test/conformance/operations -u. Grammar: connector/operations/call-table.ts.';

it.skipIf(folder === null)('the table of operations is what the published WSDL and XSD say', async () => {
  const table = JSON.stringify({ $comment: COMMENT, ...publishedOperations(folder!) }, null, 2);
  await expect(`${table}\n`).toMatchFileSnapshot('../../mappings/standard-operations.json');
});
