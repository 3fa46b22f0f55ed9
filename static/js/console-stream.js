// A stream of the gateway, by server-sent events or by WebSocket, told to one listener:
// { opened(), examples(), frame(text, cursor), cursor(text), gap(reason), ended({ title, text }) }; `ended` comes last,
// once, unless dropped. `examples`: what follows is no real message. A message by WebSocket has no cursor of its own: the cursor follows some of them.
import { EventReader } from "./console-events.js";
import { endOf, handshakeRefused, refusalOf, unreachable } from "./console-words.js";

const CURSOR_PROTOCOL = "sluice.cursor.v1";
const FAREWELL_CODE = 1000;

/** Open a stream at `url`, which holds the ticket; returns what drops it. */
export function openStream(way, url, listener) {
  return way === "websocket" ? openSocket(url, listener) : openEvents(url, listener);
}

function openEvents(url, listener) {
  const abort = new AbortController();
  readEvents(url, listener, abort.signal).catch((error) => {
    if (error.name !== "AbortError") listener.ended(unreachable(url));
  });
  return () => abort.abort();
}

async function readEvents(url, listener, signal) {
  const response = await fetch(url, { headers: { Accept: "text/event-stream" }, cache: "no-store", signal });
  if (!response.ok) return listener.ended(await refusalOf(response));
  listener.opened();
  let reason = null;
  const reader = new EventReader((event) => {
    if (event.id) listener.cursor(event.id);
    if (event.data === null) return;
    if (event.name === "message") listener.frame(event.data, event.id);
    else if (event.name === "gap") listener.gap(reasonIn(event.data));
    else if (event.name === "sandbox") listener.examples();
    else if (event.name === "close") reason = reasonIn(event.data);
  });
  const body = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await body.read();
    if (done) break;
    reader.push(value);
  }
  return listener.ended(reason === null ? { title: "The connection broke", text: "Resume to go on." } : endOf(reason));
}

function openSocket(url, listener) {
  const socket = new WebSocket(url, [CURSOR_PROTOCOL]);
  socket.binaryType = "arraybuffer";
  let isOpen = false;
  let isDropped = false;
  socket.addEventListener("open", () => { isOpen = true; listener.opened(); });
  socket.addEventListener("message", ({ data }) => hear(data, listener));
  socket.addEventListener("close", ({ reason }) => {
    if (isDropped) return;
    listener.ended(isOpen ? endOf(reason) : handshakeRefused());
  });
  return () => { isDropped = true; socket.close(FAREWELL_CODE); };
}

function hear(data, listener) {
  const notice = typeof data === "string" ? noticeIn(data) : null;
  if (notice === null) listener.frame(typeof data === "string" ? data : new TextDecoder().decode(data), "");
  else if ("cursor" in notice) listener.cursor(notice.cursor);
  else listener.gap(notice.gap);
}

/** `{"cursor": "..."}` or `{"gap": "..."}` and nothing else; null for a message. */
function noticeIn(text) {
  if (!/^\{"(cursor|gap)": "/.test(text)) return null;
  const value = JSON.parse(text);
  return Object.keys(value).length === 1 ? value : null;
}

function reasonIn(data) {
  try {
    return JSON.parse(data).reason;
  } catch {
    return data;
  }
}
