/**
 * Make every `a[data-dialog]` ask in a dialog what the page it leads to would ask: that page's
 * `[data-dialog-content]`, whose form is then sent as from there. Without this, the link simply leads to the page.
 */
export function dialogLinks(root) {
  for (const link of root.querySelectorAll("a[data-dialog]")) {
    link.addEventListener("click", (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      open(link.href);
    });
  }
}

async function open(address) {
  const content = await contentOf(address);
  if (!content) {
    location.assign(address); // signed out meanwhile, or gone: the page says so
    return;
  }
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", content.querySelector("h1").id);
  dialog.append(content);
  dialog.addEventListener("close", () => dialog.remove());
  for (const back of dialog.querySelectorAll("form a.button")) {
    back.addEventListener("click", (event) => { event.preventDefault(); dialog.close(); });
  }
  document.body.append(dialog);
  dialog.showModal();
}

async function contentOf(address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) return null;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return document.adoptNode(page.querySelector("[data-dialog-content]"));
  } catch {
    return null;
  }
}
