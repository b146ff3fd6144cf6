// The first script: the phone may start before the rest of the page, and what it says is kept.
window.bench = { order: {}, heard: [] };
addEventListener('message', ({ source, data }) => {
  if (data?.phone) window.bench?.heard?.push({ source, phone: data.phone });
});
