const SHOWN_MS = 1600;

/** Make every `[data-copy]` button copy the text of the element that it names, and say so to who hears the page too. */
export function copyButtons(root) {
  const buttons = root.querySelectorAll("[data-copy]");
  if (!navigator.clipboard || !buttons.length) return; // outside a secure context there is none: buttons stay hidden
  const spoken = spokenText();
  for (const button of buttons) {
    const own = button.textContent;
    button.dataset.ready = "";
    button.addEventListener("click", () => copy(button, own, spoken));
  }
}

/** What is put into it is read aloud: a button's own name is what it copies, and stays. */
function spokenText() {
  const spoken = document.createElement("p");
  spoken.className = "hidden";
  spoken.setAttribute("role", "status");
  document.body.append(spoken);
  return spoken;
}

async function copy(button, own, spoken) {
  try {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not permitted: select and copy";
  }
  spoken.textContent = button.textContent;
  setTimeout(() => { button.textContent = own; spoken.textContent = ""; }, SHOWN_MS);
}
