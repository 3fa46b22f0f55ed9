/**
 * Server-sent events out of a body as it arrives (HTML standard, section 9.2.6): a line may come in pieces.
 * `onEvent({ id, name, data })` is called for each; an event without data moves the id alone, with `data` null.
 */
export class EventReader {
  #rest = "";
  #data = [];
  #name = "";
  #id = "";
  #onEvent;

  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  push(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return undefined;
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#name = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #dispatch() {
    const data = this.#data.length ? this.#data.join("\n") : null;
    this.#onEvent({ id: this.#id, name: this.#name || "message", data });
    this.#data = [];
    this.#name = "";
  }
}
