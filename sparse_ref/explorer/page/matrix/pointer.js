// The pointer on the matrix: a mouse points and pins, a finger taps and drags, two fingers or a wheel with
// Control zoom, and a mouse drags the part that is seen.

import { togglePin } from "./keyboard.js";
import { clamp, sideOf, windowOf, zoomAround, zoomInside } from "./ticks.js";

const MIN_DRAG = 4; // CSS pixels, below which a press is a click
const WHEEL_STEP = 300; // of a wheel's movement, for twice the zoom

export function followPointer(store, sheet) {
  const pressed = new Map();
  let press = null;
  const listen = (name, act, options) => sheet.addEventListener(name, act, options);

  listen("pointerdown", (event) => {
    if (event.button > 0) return;
    pressed.set(event.pointerId, event);
    press = { event, zoom: store.state.zoom, isDrag: false };
    sheet.setPointerCapture?.(event.pointerId);
  });
  listen("pointermove", (event) => {
    if (!pressed.has(event.pointerId)) return point(store, sheet, event);
    press.isDrag ||= pressed.size > 1 || distance(press.event, event) >= MIN_DRAG;
    if (pressed.size === 2) return pinch(store, sheet, pressed, event);
    if (press.isDrag && press.zoom && event.pointerType === "mouse") return pan(store, sheet, press, event);
    return point(store, sheet, event);
  });
  listen("pointerup", (event) => {
    const isMouse = event.pointerType === "mouse";
    const isClick = pressed.has(event.pointerId) && pressed.size === 1 && !press.isDrag;
    pressed.delete(event.pointerId);
    if (isClick && isMouse) store.set(togglePin(store.state, store.state.query));
    if (isClick && !isMouse) point(store, sheet, event);
  });
  listen("pointercancel", (event) => pressed.delete(event.pointerId));
  listen("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoomBy(store, sheet, event, 2 ** (event.deltaY / WHEEL_STEP));
  }, { passive: false });
}

const distance = (a, b) => Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);

/** Where an event is: { query, key }, and { across, down } from 0 to 1. */
function placeOf(store, sheet, event) {
  const seen = windowOf(store.state);
  const { left, top, width, height } = sheet.getBoundingClientRect();
  const across = clamp((event.clientX - left) / width, 0, 1);
  const down = clamp((event.clientY - top) / height, 0, 1);
  const query = seen.query + Math.min(seen.rows - 1, Math.floor(down * seen.rows));
  const key = seen.key + Math.min(seen.columns - 1, Math.floor(across * seen.columns));
  return { query, key, across, down };
}

function point(store, sheet, event) {
  const { query, key } = placeOf(store, sheet, event);
  if (query !== store.state.query || key !== store.state.key) store.set({ query, key });
}

function pan(store, sheet, press, event) {
  const { rows, columns } = windowOf(store.state);
  const { width, height } = sheet.getBoundingClientRect();
  const down = Math.round(((press.event.clientY - event.clientY) / height) * rows);
  const across = Math.round(((press.event.clientX - event.clientX) / width) * columns);
  const { query, key, side } = press.zoom;
  store.set({ zoom: zoomInside(store.state.shape, { query: query + down, key: key + across, side }) });
}

function pinch(store, sheet, pressed, event) {
  const before = distance(...pressed.values());
  pressed.set(event.pointerId, event);
  const after = distance(...pressed.values());
  const [a, b] = [...pressed.values()];
  const middle = { clientX: (a.clientX + b.clientX) / 2, clientY: (a.clientY + b.clientY) / 2 };
  if (before > 0 && after > 0) zoomBy(store, sheet, middle, before / after);
}

function zoomBy(store, sheet, event, factor) {
  const { query, key, across, down } = placeOf(store, sheet, event);
  const side = sideOf(store.state) * factor;
  store.set({ zoom: zoomAround(store.state, side, query, key, across, down) });
}
