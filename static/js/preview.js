// Shows Markdown as it will look while it is typed; without this, the button Preview does.
const QUIET_MS = 400;

for (const form of document.querySelectorAll("form[data-preview-at]")) {
  const field = form.querySelector("[data-preview]");
  const place = document.getElementById(field.dataset.preview);
  let waiting;
  // What was typed, or brought back by the browser, before this was here.
  if (field.value !== field.defaultValue) show(form, field, place);
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => show(form, field, place), QUIET_MS);
  });
}

async function show(form, field, place) {
  const text = field.value;
  const body = new FormData();
  body.set("text", text);
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value };
  try {
    const answer = await fetch(form.dataset.previewAt, { method: "POST", body, headers });
    // What came late is not put over what was typed since.
    if (answer.ok && field.value === text) place.innerHTML = await answer.text();
  } catch {
    // Offline: the next keystroke tries again.
  }
}
