// The Create page: ties the form to the job feed.

import { startFeed } from "./feed.js";
import { startForm } from "./form.js";

const form = startForm({
  sending: () => feed.hold(),
  sent(group) {
    feed.add(group);
    // An open editor stands above it.
    group.scrollIntoView({ block: "nearest" });
  },
  settled: () => feed.release(),
});
const feed = startFeed({ ended: () => form.refreshQuote() });
