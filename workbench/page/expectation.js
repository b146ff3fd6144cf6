// What is expected of a fault, held against the steps that come: was it seen?

/** A request of the phone that came to a good end. @type {(step: Step) => boolean} */
const works = ({ kind, outcome, title }) =>
  kind === 'request' && outcome === 200 && /^(POST|GET) \/api\//.test(title);

/**
 * `see(step)` takes each step, `settle()` is called once all that belongs together has come. Then
 * `seen` or `wrong` is true, and `begun` once there was a sign of it.
 * @type {(fault: Fault) => Expectation}
 */
export function expectation(fault) {
  const since = Date.now() / 1000 - 1;
  const state = { seen: false, wrong: false, begun: false, see, settle };
  /** The last request to fail as expected, and the last to work; the web login has none. */
  /** @type {string | undefined} */
  let failedIn;
  /** @type {string | undefined} */
  let workedIn;
  let fetched = 0;

  /** @type {See} */
  function see(step) {
    if (step.at < since || state.seen) return;
    if (works(step)) workedIn = step.trace;
    if (!fault.expect) seeAccepted(step);
    else if (fault.recovers) seeRecovery(step);
    else seeRefusal(step);
  }

  /** The error, and nothing saved by the request that met it. @type {See} */
  function seeRefusal(step) {
    const { kind, trace, outcome } = step;
    if (step.error?.code === fault.expect) {
      state.begun = true;
      failedIn = trace;
      // Only a POST could have saved something, and its store step follows.
      state.seen = kind !== 'exchange' && !`${step.title}`.startsWith('POST');
    } else if (state.begun && kind === 'store' && trace === failedIn) {
      state.seen = outcome === 'same';
      state.wrong = outcome === 'saved';
    }
  }

  /** The error, then the member's data: in the same request, or in a later one. @type {See} */
  function seeRecovery(step) {
    if (step.error?.code === fault.expect) {
      state.begun = true;
      state.seen = step.kind === 'exchange' && step.trace === workedIn;
    } else if (state.begun && works(step)) {
      state.seen = `${step.title}`.endsWith('/api/member');
    }
  }

  /** An answer of Alipay that was spoiled legally, in a request that worked. @type {See} */
  function seeAccepted(step) {
    if (step.kind === 'taps') state.begun = true;
    const isMeant = [null, undefined, step.title].includes(fault.method);
    const isVerified = step.kind === 'exchange' && step.outcome === 'verified' && !step.error;
    if (isVerified && isMeant && step.trace === workedIn) fetched += 1;
  }

  /** All that came of one tap is known by now. */
  function settle() {
    const isTapped = !fault.phone?.twice || state.begun;
    if (fault.expect || fetched === 0 || !isTapped) return;
    state.wrong = Boolean(fault.phone) && fetched > 1;
    state.seen = !state.wrong;
  }

  return state;
}
