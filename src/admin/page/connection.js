// The stream of server-sent events, kept open: the browser reconnects by itself as long as it can, and where
// it gives up (the server refused) we ask again. Either way it goes on after the last event that was seen.

const RETRY_MS = [1000, 2000, 5000, 10_000];
const SILENT_MS = 5000;

/** `onState` hears 'connecting', 'live', 'silent' (connected, nothing heard), or 'lost' with milliseconds to wait. */
export function connect({ onState, onEvents, onSkipped, onStatus }) {
  let lastId = '';
  let failures = 0;
  let silence = 0;

  function open() {
    onState({ kind: 'connecting' });
    const source = new EventSource(lastId === '' ? '/events' : `/events?after=${encodeURIComponent(lastId)}`);
    source.addEventListener('events', (event) => {
      heard();
      lastId = event.lastEventId;
      onEvents(event.data.split('\n'));
    });
    source.addEventListener('skipped', (event) => {
      heard();
      onSkipped(Number(event.data));
    });
    source.addEventListener('status', (event) => {
      heard();
      onStatus(JSON.parse(event.data));
    });
    source.addEventListener('error', () => lost(source));
  }

  function heard() {
    failures = 0;
    clearTimeout(silence);
    silence = setTimeout(() => onState({ kind: 'silent' }), SILENT_MS);
    onState({ kind: 'live' });
  }

  function lost(source) {
    clearTimeout(silence);
    if (source.readyState === EventSource.CONNECTING) return onState({ kind: 'connecting' });
    source.close();
    const waitMs = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)];
    onState({ kind: 'lost', waitMs });
    setTimeout(open, waitMs);
  }

  open();
}
