// The matrix: queries from the top, keys from the left, drawn on a canvas.

import { element } from "./dom.js";

const MAX_PIXELS = 1024;

export function matrix(store) {
  const canvas = element("canvas", { className: "matrix", role: "img", tabIndex: 0 });
  canvas.addEventListener("pointermove", (event) => {
    const { queries, keys } = store.mask;
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const query = Math.floor(((event.clientY - top) / height) * queries);
    const key = Math.floor(((event.clientX - left) / width) * keys);
    store.set({ query, key });
  });

  function update() {
    const { queries, keys, cells } = store.mask;
    canvas.width = Math.min(keys, MAX_PIXELS);
    canvas.height = Math.min(queries, MAX_PIXELS);
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    for (let i = 0; i < queries; i++) {
      const row = Math.floor((i * canvas.height) / queries) * canvas.width;
      for (let j = 0; j < keys; j++) {
        if (cells[i * keys + j]) image.data[(row + Math.floor((j * canvas.width) / keys)) * 4 + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
  }
  return { element: canvas, update };
}
