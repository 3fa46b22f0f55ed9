// The list of what came: newest on top, bounded, JSON over several lines.

const MOST_FRAMES = 200;
const MOST_CHARACTERS = 20_000;
const MOST_IN_SUMMARY = 160;
const CLOCK = new Intl.DateTimeFormat([], {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false,
});

/** Put a message on top of `list`; `cursor`: where the stream goes on behind it, if it says so. */
export function showFrame(list, { at, text, cursor }) {
  const details = element("details");
  const summary = element("summary");
  summary.append(time(at), element("code", shortened(text.replace(/\s+/g, " "), MOST_IN_SUMMARY)));
  const pre = element("pre", shortened(pretty(text), MOST_CHARACTERS));
  pre.tabIndex = 0;
  details.append(summary, pre);
  if (cursor) details.append(cursorLine(cursor));
  add(list, details, "frame");
}

/** Say between messages that some are missing, or that the connection changed. */
export function showNotice(list, text, tone) {
  const line = element("p");
  line.append(time(new Date()), element("span", text));
  add(list, line, `notice ${tone}`);
}

function add(list, child, kind) {
  const item = element("li");
  item.className = kind;
  item.append(child);
  list.prepend(item);
  while (list.children.length > MOST_FRAMES) list.lastElementChild.remove();
}

function cursorLine(cursor) {
  const line = element("p");
  line.className = "small muted";
  line.append("Cursor ", element("code", cursor));
  return line;
}

function time(at) {
  const shown = element("time", CLOCK.format(at));
  shown.dateTime = at.toISOString();
  return shown;
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function shortened(text, most) {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length.toLocaleString()} characters)`;
}

function element(name, text = "") {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}
