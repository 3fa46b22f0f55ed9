// Line numbers beside `[data-editor]`, and findings that lead to their place: `[data-line]`, `[data-column]`.
const LEAST_ROWS = 16;

/** Number the lines of a textarea in the gutter before it, and make it as high as its text. */
function number(text) {
  const lines = text.value.split("\n").length;
  if (text.dataset.lines === String(lines)) return;
  text.dataset.lines = lines;
  text.rows = Math.max(lines, LEAST_ROWS);
  text.previousElementSibling.textContent = Array.from({ length: lines }, (_, at) => at + 1).join("\n");
}

/** Put the cursor at a line and column, counted from 1, and bring both into sight. */
function moveTo(text, line, column) {
  const before = text.value.split("\n").slice(0, line - 1);
  const place = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
  text.focus({ preventScroll: true });
  text.setSelectionRange(place, place);
  const height = text.clientHeight / text.rows;
  const frame = text.closest("[data-editor-frame]");
  frame.scrollTop = (line - 1) * height - frame.clientHeight / 3;
  frame.scrollIntoView({ block: "nearest" });
}

for (const text of document.querySelectorAll("[data-editor]")) {
  number(text);
  text.addEventListener("input", () => number(text));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    moveTo(text, Number(link.dataset.line), Number(link.dataset.column));
  });
}
