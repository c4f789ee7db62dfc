// Wires the stream to the panels and the list. Nothing else here knows more than one of them.
import { connect } from './connection.js';
import { showConnection } from './connection-state.js';
import { createEventList } from './event-list.js';
import { showStatus } from './panels.js';

const list = createEventList();

connect({
  onState: showConnection,
  onEvents: (lines) => list.add(lines),
  onSkipped: (count) => list.addMissed(count),
  onStatus: showStatus,
});
