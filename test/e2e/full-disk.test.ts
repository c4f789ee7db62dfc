/** A disk that is full or fails, under the journal and the log: events are refused with 503, and nothing is torn. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { drained } from '../support/drained.ts';
import { readEvents } from '../support/event-log.ts';
import { eventually } from '../support/event-loop.ts';
import { faultRow } from '../support/fault-row.ts';
import { createFaultyDisk } from '../support/faulty-disk.ts';
import { startGotrack } from '../support/gotrack-process.ts';
import { createSender } from '../support/sender.ts';
import { hello } from '../support/signer.ts';
import { type Site, startSite } from '../support/site.ts';
import { createSmallDisk } from '../support/small-disk.ts';

const TIMES = process.env.TEST_SIZE === 'full' ? 20 : 2;

type Disk = {
  kind: string;
  path: string;
  env: Record<string, string>;
  /** The function that is returned mends it. */
  break(): () => void;
};

function fullDisk(t: TestContext): Disk {
  const { fill, ...disk } = createSmallDisk(t);
  return { ...disk, break: fill };
}

function failingDisk(_: TestContext, site: Site): Disk {
  const { env, fail } = createFaultyDisk(site.folder);
  return { kind: 'EIO from each write', path: site.folder, env, break: () => fail('EIO') };
}

for (const [what, makeDisk] of [['full', fullDisk] as const, ['failing', failingDisk] as const]) {
  test(`a disk ${TIMES} times ${what} under load: 503, the site is served, and all is there afterwards`, async (t) => {
    const site = await startSite(t);
    const disk = makeDisk(t, site);
    const found = faultRow(t, 'disk', `${TIMES} times, ${disk.kind}`);
    const logPath = join(disk.path, 'events.ndjson');
    const gotrack = await startGotrack({
      ...site.env,
      ...disk.env,
      JOURNAL_DIR: join(disk.path, 'journal'),
      JOURNAL_MAX_BYTES: '8MiB',
      LOG_PATH: logPath,
    });
    t.after(() => gotrack.stop('SIGKILL'));
    const grant = await hello(gotrack.site);
    const sender = createSender(30);
    const answered = (answer: string) => sender.answers.get(answer) ?? 0;
    let isOver = false;
    t.after(() => {
      isOver = true;
    });
    const sending = sender.sendUntil(gotrack.site, grant, () => isOver);
    let pages = 0;
    for (let time = 0; time < TIMES; time += 1) {
      const accepted = answered('202');
      await eventually(() => answered('202') > accepted + 5, 'events are accepted');
      const mend = disk.break();
      const refused = answered('503+');
      await eventually(async () => {
        const response = await fetch(`${gotrack.site}/asset.js`);
        assert.equal(await response.text(), 'origin');
        pages += 1;
        return answered('503+') > refused + 5;
      }, 'events are refused');
      mend();
    }
    const accepted = answered('202');
    await eventually(() => answered('202') > accepted + 5, 'events are accepted again');
    isOver = true;
    await sending;
    await drained(gotrack.site);
    assert.equal(await gotrack.stop(), 0);
    assert.deepEqual([...sender.answers.keys()].sort(), ['202', '503+']);
    const ids = readEvents(logPath).map((event) => event.event_id);
    const balance = sender.ledger.balance(ids);
    assert.deepEqual(balance.lost, []);
    const extra = ids.length - balance.held;
    assert.ok(extra <= ids.length / 100, `${extra} of ${ids.length} lines are repeated`);
    found(
      `0 of ${balance.accepted} lost; ${answered('503+')} times 503; ${pages} requests forwarded meanwhile`,
    );
  });
}
