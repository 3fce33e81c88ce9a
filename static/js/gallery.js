// The endless scroll of the gallery: pictures that arrive get their ratios where the browser's CSS cannot read them.

import { justify } from "./justified.js";

document.addEventListener("htmx:afterSettle", () => justify());
