// Shows the kiln's server-sent events; the stream is closed while nobody can see it.
const panel = document.querySelector('[data-kiln]');
const celsius = panel.querySelector('[data-celsius]');
const meter = panel.querySelector('[data-meter]');
let source = null;

function open() {
  source = new EventSource('/api/kiln');
  source.onmessage = (event) => {
    const reading = JSON.parse(event.data);
    panel.dataset.state = 'live';
    celsius.value = reading.celsius.toLocaleString('en');
    meter.value = reading.celsius;
  };
}

function follow() {
  if (document.visibilityState === 'visible' && source === null) open();
  if (document.visibilityState === 'hidden' && source !== null) {
    source.close();
    source = null;
  }
}

document.addEventListener('visibilitychange', follow);
follow();
