// What pages do besides: nothing here is needed to use them.
import { copyButtons } from "./copy.js";
import { dialogButtons } from "./dialogs.js";

copyButtons(document);
dialogButtons(document);
