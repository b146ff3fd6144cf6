// The same server as the sample's; the phone sends this to the page's own origin.
export const API_BASE = 'http://127.0.0.1:8000';
