// The live console: one stream in the page, read from the gateway with a ticket of one use.
import { showFrame, showNotice } from "./console-frames.js";
import { openStream } from "./console-stream.js";

const MOST_HELD = 200;
const STATES = {
  idle: ["Not connected", "plain"],
  connecting: ["Connecting", "warn"],
  open: ["Connected", "good"],
  paused: ["Paused", "warn"],
  dropped: ["Dropped", "plain"],
  ended: ["Ended", "bad"],
};

class Console {
  #root;
  #form;
  #state = "idle";
  #drop = () => {};
  #cursor = "";
  #count = 0;
  #held = [];

  constructor(root) {
    this.#root = root;
    this.#form = root.querySelector("[data-form]");
    this.#form.addEventListener("submit", (event) => { event.preventDefault(); this.#connect(); });
    this.#form.elements.stream.addEventListener("change", () => { this.#cursor = ""; this.#show(); });
    this.#form.elements.start.addEventListener("change", () => this.#show());
    this.#part("pause").addEventListener("click", () => this.#pause());
    this.#part("drop").addEventListener("click", () => this.#leave());
    this.#part("clear").addEventListener("click", () => this.#clear());
    this.#show();
  }

  get #stream() {
    return this.#form.elements.stream.selectedOptions[0].dataset;
  }

  get #isRunning() {
    return ["connecting", "open", "paused"].includes(this.#state);
  }

  async #connect() {
    const stream = this.#stream;
    this.#fail(null);
    this.#turn("connecting");
    const ticket = "open" in stream ? "" : await this.#ticket(stream);
    if (ticket === null || this.#state !== "connecting") return;
    this.#drop = openStream(stream.way, this.#address(stream, ticket), {
      opened: () => this.#turn("open"),
      frame: (text, cursor) => this.#take({ at: new Date(), text, cursor }),
      cursor: (cursor) => { this.#cursor = cursor; },
      examples: () => showNotice(this.#part("frames"), "Examples, until the publisher decides: nothing of this happened.", ""),
      gap: (reason) => showNotice(this.#part("frames"), `Messages are missing here: ${reason}`, "bad"),
      ended: (why) => { this.#fail(why); this.#turn("ended"); },
    });
  }

  /** Where the stream is, with the ticket and the place to begin: behind the last message, once there was one. */
  #address(stream, ticket) {
    const url = new URL(stream.url);
    if (ticket) url.searchParams.set("ticket", ticket);
    if (stream.delivery !== "broadcast") return url.href;
    const { start, cursor } = this.#form.elements;
    const place = this.#cursor || (start.value === "cursor" ? cursor.value.trim() : "");
    if (place) url.searchParams.set("cursor", place);
    else if (start.value === "earliest") url.searchParams.set("start", "earliest");
    return url.href;
  }

  /** A ticket for the stream; null, with the reason shown, where there is none. */
  async #ticket(stream) {
    const body = new FormData(this.#form);
    body.set("app", this.#root.dataset.app);
    body.set("definition", stream.definition);
    body.set("stream", stream.stream);
    const why = { title: "The portal gave no ticket", text: "It cannot be reached. Try again." };
    try {
      const answer = await fetch(this.#root.dataset.tickets, { method: "POST", body, headers: { Accept: "application/json" } });
      if (answer.redirected) why.text = "You are signed out. Load the page again and sign in.";
      else if (answer.status === 403) why.text = "Your role may not open streams, or this page is too old: load it again.";
      else if (answer.status === 404) why.text = "The app is not there any more.";
      else if (answer.ok || answer.status === 422) {
        const { ticket, detail } = await answer.json();
        if (ticket) return ticket;
        why.text = detail;
      }
    } catch {
      // `why` says it.
    }
    this.#fail(why);
    this.#turn("ended");
    return null;
  }

  #take(frame) {
    this.#count += 1;
    if (this.#state === "paused") this.#held = [...this.#held, frame].slice(-MOST_HELD);
    else showFrame(this.#part("frames"), frame);
    this.#tally();
  }

  #pause() {
    if (this.#state === "paused") {
      for (const frame of this.#held) showFrame(this.#part("frames"), frame);
      this.#held = [];
      this.#turn("open");
    } else {
      this.#turn("paused");
    }
  }

  #leave() {
    this.#drop();
    showNotice(this.#part("frames"), "Dropped by you.", "");
    this.#turn("dropped");
  }

  #clear() {
    this.#part("frames").replaceChildren();
    this.#held = [];
    this.#count = 0;
    this.#show();
  }

  #turn(state) {
    if (state === "ended" || state === "dropped") {
      for (const frame of this.#held) showFrame(this.#part("frames"), frame);
      this.#held = [];
    }
    this.#state = state;
    this.#show();
  }

  #fail(why) {
    this.#part("error").hidden = why === null;
    this.#part("error-title").textContent = why?.title ?? "";
    this.#part("error-text").textContent = why?.text ?? "";
  }

  #tally() {
    const waiting = this.#held.length ? `, ${this.#held.length} held back` : "";
    this.#part("count").textContent = this.#count ? `${this.#count.toLocaleString()} received${waiting}` : "";
    this.#part("empty").hidden = this.#count > 0;
    this.#part("clear").hidden = this.#count === 0;
  }

  /** Bring the controls in line with the state. */
  #show() {
    const focused = document.activeElement;
    const [text, tone] = STATES[this.#state];
    const badge = this.#part("state");
    badge.textContent = text;
    badge.className = `badge ${tone}`;
    const isBroadcast = this.#stream.delivery === "broadcast";
    const goesOn = Boolean(this.#cursor) || ["dropped", "ended"].includes(this.#state);
    this.#part("connect").hidden = this.#isRunning;
    this.#part("connect").textContent = goesOn && this.#count > 0 ? "Resume" : "Connect";
    this.#part("pause").hidden = !["open", "paused"].includes(this.#state);
    this.#part("pause").textContent = this.#state === "paused" ? "Go on" : "Pause";
    this.#part("drop").hidden = !this.#isRunning;
    const { stream, start, cursor } = this.#form.elements;
    for (const control of [stream, start, cursor]) control.disabled = this.#isRunning;
    start.hidden = !isBroadcast || Boolean(this.#cursor);
    cursor.hidden = start.hidden || start.value !== "cursor";
    this.#root.querySelector('[data-for="round_robin"]').hidden = isBroadcast;
    this.#tally();
    if (this.#form.contains(focused) && (focused.hidden || focused.disabled)) this.#nextControl.focus();
  }

  /** What one would press next: where the control with the focus goes away, this one gets it. */
  get #nextControl() {
    return this.#part(this.#isRunning ? "drop" : "connect");
  }

  #part(name) {
    return this.#root.querySelector(`[data-${name}]`);
  }
}

for (const root of document.querySelectorAll("[data-console]")) new Console(root);
