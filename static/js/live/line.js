// The live line: one websocket that brings job events as JSON and preview frames as bytes. It reconnects by itself.
// A frame is two bytes of header length (big endian), a JSON header, and a JPEG picture.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const SIGNED_OUT = 4401;
const TOO_MANY = 4429;

export function readFrame(buffer) {
  const length = new DataView(buffer).getUint16(0);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 2, length)));
  const picture =
    buffer.byteLength > 2 + length ? new Blob([new Uint8Array(buffer, 2 + length)], { type: "image/jpeg" }) : null;
  return { header, picture };
}

/** Handlers: up(), down(), signedOut(), message(object), frame({header, picture}) whose end is told to the server. */
export function liveLine(handlers, path = "/ws/jobs/") {
  let socket = null;
  let wait = FIRST_WAIT_MS;
  let timer = 0;

  async function receive(here, event) {
    if (typeof event.data === "string") return handlers.message(JSON.parse(event.data));
    try {
      await handlers.frame(readFrame(event.data));
    } finally {
      if (here.readyState === WebSocket.OPEN) here.send('{"ack":true}');
    }
  }

  function open() {
    clearTimeout(timer);
    const address = new URL(path, location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const here = new WebSocket(address);
    socket = here;
    here.binaryType = "arraybuffer";
    here.addEventListener("open", () => {
      wait = FIRST_WAIT_MS;
      handlers.up();
    });
    here.addEventListener("message", (event) => receive(here, event));
    here.addEventListener("close", (event) => closed(here, event));
  }

  function closed(here, event) {
    if (here !== socket) return;
    handlers.down();
    if (event.code === SIGNED_OUT) return handlers.signedOut();
    // The site says no, and will until another page is closed.
    if (event.code === TOO_MANY) wait = LONGEST_WAIT_MS;
    // Random, so that not every browser reconnects to a restarted server at once.
    timer = setTimeout(open, wait * (0.75 + Math.random() / 2));
    wait = Math.min(LONGEST_WAIT_MS, wait * 2);
  }

  function hurry() {
    if (socket.readyState !== WebSocket.CLOSED || document.visibilityState === "hidden") return;
    wait = FIRST_WAIT_MS;
    open();
  }

  addEventListener("online", hurry);
  document.addEventListener("visibilitychange", hurry);
  open();
}
