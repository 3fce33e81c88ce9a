// An age is written as Django's naturaltime writes it, so that nothing jumps when the script takes over.

import assert from "node:assert/strict";
import { test } from "node:test";
import { agoOf } from "../../static/js/ago.js";

test("ages up to a day are words, older ones stay as the server wrote them", () => {
  const ages = [0, 1, 59, 60, 119, 120, 3599, 3600, 7200, 86_399, 86_400].map(agoOf);
  assert.deepEqual(ages, [
    "now",
    "a second ago",
    "59\u00a0seconds ago",
    "a minute ago",
    "a minute ago",
    "2\u00a0minutes ago",
    "59\u00a0minutes ago",
    "an hour ago",
    "2\u00a0hours ago",
    "23\u00a0hours ago",
    null,
  ]);
});
