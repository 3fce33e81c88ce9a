// Ctrl+Up and Ctrl+Down in a prompt; tags of the picked LoRAs; what is completed at the caret.

import assert from "node:assert/strict";
import { test } from "node:test";
import { matching, openAt } from "../../static/js/create/complete.js";
import { readTags, removeTag, writeTag } from "../../static/js/create/tags.js";
import { unitsOf } from "../../static/js/create/places.js";
import { changed } from "../../static/js/create/weights.js";

/** The text after one press, with the selection in «». */
function pressed(text, direction) {
  const from = text.indexOf("«");
  const to = text.indexOf("»") - 1;
  const plain = text.replace(/[«»]/g, "");
  const change = from < 0 ? null : changed(plain, from, to, direction);
  if (!change) return plain;
  const after = plain.slice(0, change.start) + change.text + plain.slice(change.end);
  const [first, last] = change.select;
  return `${after.slice(0, first)}«${after.slice(first, last)}»${after.slice(last)}`;
}

test("a word at the caret and a selection get a weight", () => {
  assert.equal(pressed("a r«»ed apple", 1), "a («red»:1.1) apple");
  assert.equal(pressed("a« red apple »", -1), "a («red apple»:0.9) ");
  assert.equal(pressed("a , «», b", 1), "a , , b");
});

test("a weight is raised and lowered, and one of 1 loses its brackets", () => {
  assert.equal(pressed("a («red»:1.1) apple", 1), "a («red»:1.2) apple");
  assert.equal(pressed("a («red»:1.1) apple", -1), "a «red» apple");
  assert.equal(pressed("(«red»:0.1)", -1), "(«red»:0)");
});

test("both weights of a LoRA's tag move together and stay within 2", () => {
  assert.equal(changed("<lora:ink:0.8>", 3, 3, 1).text, "<lora:ink:0.85>");
  assert.equal(changed("<lora:ink>", 3, 3, -1).text, "<lora:ink:0.95>");
  assert.equal(changed("<lora:ink:te=0.5:unet=2>", 3, 3, 1).text, "<lora:ink:te=0.55:unet=2>");
});

test("tags are read, rewritten and removed", () => {
  const text = "a cat <lora:ink:0.5>, soft <lyco:clay:0.2:0.7> <lora:plain>";
  const tags = readTags(text);
  assert.deepEqual(
    tags.map(({ name, weight }) => [name, weight]),
    [
      ["ink", 0.5],
      ["clay", 0.7],
      ["plain", 1],
    ],
  );
  assert.equal(writeTag("a <lora:ink:0.5>", readTags("a <lora:ink:0.5>")[0], 1.255), "a <lora:ink:1.25>");
  assert.equal(removeTag("a <lora:ink:0.5> cat", readTags("a <lora:ink:0.5> cat")[0]), "a cat");
});

test("a name is completed where one is being written", () => {
  assert.deepEqual(openAt("a <lora:in", 10, ["lora"]), { kind: "lora", typed: "in", start: 8 });
  assert.equal(openAt("a <lora:in:", 11, ["lora"]), null);
  assert.deepEqual(openAt("__col", 5, ["wildcard"]), { kind: "wildcard", typed: "col", start: 2 });
  assert.equal(openAt("b", 1, ["embedding"]), null);
});

test("names that begin so come before those that only hold it", () => {
  const rows = [{ name: "clay-soft" }, { name: "x", title: "Soft" }, { name: "soft-clay" }, { name: "soft" }];
  assert.deepEqual(
    matching(rows, "soft").map(({ name }) => name),
    ["soft-clay", "clay-soft", "x"],
  );
});

test("the server's characters are the browser's units", () => {
  assert.deepEqual(unitsOf("a😀b"), [0, 1, 3, 4]);
});
