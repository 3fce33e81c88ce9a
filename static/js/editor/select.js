// Select by click: the clicks, or a rough box, go to the server, which grows a mask of them and says by which method.

import { ask, post } from "../ask.js";

const POLL_MS = 300;
const PNG = "data:image/png;base64,";

/** The picture in an answer: the mask is told within its JSON. */
async function pictureOf(text) {
  const bytes = Uint8Array.from(atob(text.replace(PNG, "")), (sign) => sign.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], { type: "image/png" }));
}

/** The mask { picture, by, note } for clicks { x, y, keeps } and a box { left, top, right, bottom } or null. */
export async function selected(url, source, clicks, box) {
  const asked = JSON.stringify({ source, clicks, box });
  let answer = await (await post(url, asked)).json();
  while (answer.mask === undefined) {
    await new Promise((done) => setTimeout(done, POLL_MS));
    answer = await (await ask(answer.url)).json();
  }
  return { picture: await pictureOf(answer.mask), by: answer.by, note: answer.note ?? "" };
}
