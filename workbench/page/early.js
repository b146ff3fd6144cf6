// The first script: the phone may start before the rest of the page, and what it says is kept.
window.bench = { order: {}, heard: [] };
addEventListener('message', (message) => window.bench?.heard?.push(message));
