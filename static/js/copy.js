const SHOWN_MS = 1600;

/** Make every `[data-copy]` button copy the text of the element that it names. */
export function copyButtons(root) {
  for (const button of root.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue; // outside a secure context there is none: the button stays hidden
    button.dataset.ready = "";
    button.addEventListener("click", () => copy(button));
  }
}

async function copy(button) {
  const said = button.textContent;
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not permitted: select and copy";
  }
  setTimeout(() => { button.textContent = said; }, SHOWN_MS);
}
