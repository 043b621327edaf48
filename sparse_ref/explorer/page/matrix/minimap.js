// The whole matrix, small, while a part of it is seen: the part is framed, and a click moves it.

import { element } from "../common/dom.js";
import { css } from "./palette.js";
import { cellBytes, layout } from "./scene.js";
import { windowOf, zoomInside } from "./ticks.js";

const SIDE = 72; // CSS pixels

export function minimap(store) {
  const canvas = element("canvas", { className: "minimap", hidden: true, role: "img" });
  canvas.setAttribute("aria-label", "The whole matrix; the part that is shown is framed");
  let last = [];
  let image = null;
  canvas.addEventListener("click", (event) => {
    const { shape, zoom } = store.state;
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const query = Math.floor(((event.clientY - top) / height) * shape[0] - zoom.side / 2);
    const key = Math.floor(((event.clientX - left) / width) * shape[1] - zoom.side / 2);
    store.set({ zoom: zoomInside(shape, { query, key, side: zoom.side }) });
  });

  function update(state, picture, colour) {
    canvas.hidden = !state.zoom;
    if (!state.zoom) return;
    const [queries, keys] = state.shape;
    const wanted = [store.mask, state.theme, picture.media];
    if (wanted.some((value, place) => value !== last[place])) {
      const place = layout(windowOf({ shape: state.shape, zoom: null }), [SIDE * 2, SIDE * 2]);
      image = new ImageData(cellBytes(store.mask, place, colour, {}), place.columns, place.rows);
      [canvas.width, canvas.height] = [place.columns, place.rows];
      const scale = SIDE / Math.max(queries, keys);
      canvas.style.width = `${Math.max(12, keys * scale)}px`;
      canvas.style.height = `${Math.max(12, queries * scale)}px`;
      last = wanted;
    }
    frame(canvas, image, windowOf(state), state.shape, css(colour("reader")));
  }
  return { element: canvas, update };
}

function frame(canvas, image, seen, [queries, keys], style) {
  const context = canvas.getContext("2d");
  context.putImageData(image, 0, 0);
  const across = canvas.width / keys;
  const down = canvas.height / queries;
  const line = Math.max(1, canvas.width / SIDE);
  context.strokeStyle = style;
  context.lineWidth = line * 1.5;
  const [width, height] = [seen.columns * across, seen.rows * down].map((side) => Math.max(3 * line, side));
  context.strokeRect(seen.key * across, seen.query * down, width, height);
}
