// What pages do besides: nothing here is needed to use them.
import { copyButtons } from "./copy.js";
import { dialogLinks } from "./dialogs.js";
import { moments } from "./moments.js";
import { toasts } from "./toasts.js";

copyButtons(document);
dialogLinks(document);
moments(document);
toasts(document);

// What htmx put into the page afterwards.
document.addEventListener("htmx:afterSwap", (event) => {
  copyButtons(event.target);
  moments(event.target);
});
