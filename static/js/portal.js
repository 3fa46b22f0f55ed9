// What pages do besides: nothing here is needed to use them.
import { copyButtons } from "./copy.js";
import { dialogLinks } from "./dialogs.js";
import { toasts } from "./toasts.js";

copyButtons(document);
dialogLinks(document);
toasts(document);
