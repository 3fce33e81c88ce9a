// Add my pictures: picking many of a page for a data set.

import { offerPicking } from "../picking.js";

const grid = document.querySelector(".own-pictures");
if (grid) {
  offerPicking({
    grid,
    bar: document.querySelector("[data-picked-bar]"),
    pickAll: document.querySelector("[data-pick-all]"),
  });
}
