// The Create page: ties the form to the stage.

import { startForm } from "./form.js";
import { startStage } from "./stage.js";

const form = startForm({
  sending: () => stage.hold(),
  sent: (group) => stage.add(group),
  settled: () => stage.release(),
});
const stage = startStage({ ended: () => form.refreshQuote() });
