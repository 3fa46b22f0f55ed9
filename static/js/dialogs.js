/** Make every `[data-dialog]` button open the dialog that it names; a form of method `dialog` closes it. */
export function dialogButtons(root) {
  for (const button of root.querySelectorAll("[data-dialog]")) {
    button.addEventListener("click", () => document.getElementById(button.dataset.dialog).showModal());
  }
}
