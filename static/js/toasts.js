const SHOWN_MS = 8000;

/** Give every `[data-toast]` a button that closes it; good news goes by itself, unless somebody points at it. */
export function toasts(root) {
  for (const toast of root.querySelectorAll("[data-toast]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button quiet";
    button.textContent = "Close";
    button.addEventListener("click", () => toast.remove());
    toast.append(button);
    if (toast.classList.contains("good")) setTimeout(() => leave(toast), SHOWN_MS);
  }
}

function leave(toast) {
  if (toast.matches(":hover, :focus-within")) setTimeout(() => leave(toast), SHOWN_MS);
  else toast.remove();
}
