// The live line: frames are read and answered, a broken line is taken up again, and a signed-out one is not.

import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { liveLine, readFrame } from "../../static/js/live/line.js";

class FakeSocket extends EventTarget {
  static OPEN = 1;
  static CLOSED = 3;
  static made = [];
  readyState = FakeSocket.OPEN;
  sent = [];

  constructor(address) {
    super();
    this.address = String(address);
    FakeSocket.made.push(this);
  }

  send(text) {
    this.sent.push(text);
  }

  emit(type, fields = {}) {
    if (type === "close") this.readyState = FakeSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event(type), fields));
  }
}

function frame(header, picture = []) {
  const json = new TextEncoder().encode(JSON.stringify(header));
  return Uint8Array.from([json.length >> 8, json.length & 255, ...json, ...picture]).buffer;
}

const told = [];
const handlers = {
  up: () => told.push("up"),
  down: () => told.push("down"),
  signedOut: () => told.push("signed out"),
  message: (message) => told.push(message),
  frame: ({ header }) => told.push(header),
};
const last = () => FakeSocket.made.at(-1);

beforeEach(() => {
  FakeSocket.made.length = 0;
  told.length = 0;
  globalThis.WebSocket = FakeSocket;
  globalThis.location = new URL("https://studio.example/create/");
  globalThis.document = new EventTarget();
  globalThis.addEventListener = () => {};
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(Math, "random", () => 0.5);
});

afterEach(() => mock.reset());

test("a frame is a header and, mostly, a picture", async () => {
  const { header, picture } = readFrame(frame({ code: "a", percent: 40 }, [1, 2, 3]));
  assert.deepEqual(header, { code: "a", percent: 40 });
  assert.deepEqual(new Uint8Array(await picture.arrayBuffer()), Uint8Array.of(1, 2, 3));
  assert.equal(readFrame(frame({ code: "a" })).picture, null);
});

test("words and frames arrive, and each frame is answered", async () => {
  liveLine(handlers);
  assert.equal(last().address, "wss://studio.example/ws/jobs/");
  last().emit("open");
  last().emit("message", { data: '{"type":"job"}' });
  last().emit("message", { data: frame({ code: "a" }) });
  await new Promise((done) => setImmediate(done));
  assert.deepEqual(told, ["up", { type: "job" }, { code: "a" }]);
  assert.deepEqual(last().sent, ['{"ack":true}']);
});

test("a broken line is taken up again, later each time until it holds", () => {
  liveLine(handlers);
  for (const wait of [500, 1000, 2000]) {
    const before = FakeSocket.made.length;
    last().emit("close", { code: 1006 });
    mock.timers.tick(wait - 1);
    assert.equal(FakeSocket.made.length, before);
    mock.timers.tick(1);
    assert.equal(FakeSocket.made.length, before + 1);
  }
  last().emit("open");
  last().emit("close", { code: 1006 });
  mock.timers.tick(500);
  assert.equal(FakeSocket.made.length, 5);
  assert.deepEqual(told, ["down", "down", "down", "up", "down"]);
});

test("somebody who signed out is not called again", () => {
  liveLine(handlers);
  last().emit("close", { code: 4401 });
  mock.timers.tick(60_000);
  assert.equal(FakeSocket.made.length, 1);
  assert.deepEqual(told, ["down", "signed out"]);
});

test("one line too many is asked for again, but seldom", () => {
  liveLine(handlers);
  last().emit("open");
  last().emit("close", { code: 4429 });
  mock.timers.tick(29_999);
  assert.equal(FakeSocket.made.length, 1);
  mock.timers.tick(1);
  assert.equal(FakeSocket.made.length, 2);
});
