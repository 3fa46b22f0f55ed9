// Why a stream did not begin, or ended, in words. The reasons are those of docs/how-to/consume.md.

const ENDS = {
  shutdown: "This gateway process ends. Resume: another one goes on.",
  definition_changed: "The publisher changed the definition. Resume to read the new one.",
  client_age: "The plan bounds how long a stream lasts. Resume to go on.",
  configuration_stale: "The gateway cannot reach its database. Resume in a while.",
  stream_failed: "The stream failed at the publisher's, who sees the error. Resume to try again.",
  slow_client: "This page read too slowly and was cut off. Resume: what you missed is behind your cursor.",
  credential_revoked: "The app may not read any more.",
  expired: "The subscription has expired. Subscribe anew.",
  subscription_ended: "The subscription was suspended or ended. Its page says why.",
  plan_limit: "The plan allows fewer open streams now. Close another one first.",
  definition_deactivated: "The publisher switched the definition off.",
};

const REFUSALS = {
  400: "The cursor is no good",
  401: "The ticket was not accepted",
  403: "This app may not read the stream",
  404: "Nothing listens there",
  410: "The cursor is too old",
  429: "A limit of the plan is met",
  503: "The stream is not available",
};

/** What to show for the reason with which the gateway ends a stream. */
export function endOf(reason) {
  return { title: "The stream has ended", text: ENDS[reason] ?? `The gateway says: ${reason || "nothing"}.` };
}

/** What to show for an answer of the gateway that is no stream. */
export async function refusalOf(response) {
  const title = `${REFUSALS[response.status] ?? "The gateway refused"} (${response.status})`;
  const wait = response.headers.get("Retry-After");
  return { title, text: `${await detailOf(response)}${wait ? ` Try again in ${wait} s.` : ""}` };
}

/** What to show where no answer came that a page may read. */
export function unreachable(url) {
  return {
    title: "The gateway did not answer",
    text: `${new URL(url).origin} cannot be reached from this browser, or a proxy between you and it lets no streams through.`,
  };
}

/** What to show for a WebSocket that was closed before it opened: a browser is not told why. */
export function handshakeRefused() {
  return {
    title: "The WebSocket was refused",
    text: "A browser is not told why. The same stream by SSE says it in words, where the product gives one.",
  };
}

async function detailOf(response) {
  try {
    return (await response.json()).detail ?? response.statusText;
  } catch {
    return response.statusText || "It gave no reason.";
  }
}
