// The link: the address keeps the view in its fragment, and a fragment restores it. In a frame without an
// address it is off.

import { element } from "../common/dom.js";
import { ExpressionError } from "../language/syntax.js";
import { FragmentError, fragmentOf, patchOf } from "./fragment.js";
import { LengthError } from "../sets/rows.js";

const DELAY = 300; // ms: browsers limit how often an address may change

/** The part of the page that keeps the link; its element reports a fragment that is ignored. */
export function link(store) {
  const message = element("p", { className: "problem", role: "status", hidden: true });
  const isOwnPage = document.getElementById("explorer-data") !== null;
  const isOn = isOwnPage && location.protocol !== "about:";
  let timer = null;
  let last = "";

  function report(error) {
    message.hidden = !error;
    message.textContent = error ? `The link was not followed: ${error.message}.` : "";
  }

  function restore() {
    last = location.hash.replace(/^#/, "");
    try {
      const patch = patchOf(last, store.initial);
      if (patch) store.restore(patch);
      report(null);
    } catch (error) {
      const isKnown = [ExpressionError, LengthError, FragmentError].some((kind) => error instanceof kind);
      if (!isKnown) store.set({ options: store.initial.options }); // a panel does not understand its options
      report(isKnown ? error : new FragmentError("its options are not understood"));
    }
  }

  function write() {
    timer = null;
    const fragment = fragmentOf(store.state, store.initial);
    if (fragment === last) return;
    last = fragment;
    try {
      history.replaceState(history.state, "", fragment ? `#${fragment}` : location.href.split("#")[0]);
    } catch {
      // a frame may not change its address: the view is shown all the same
    }
  }

  function update(state, previous) {
    if (!isOn || !previous) return;
    clearTimeout(timer);
    timer = setTimeout(write, DELAY);
  }

  /** Follow the address that the page is opened at, and later ones. */
  function start() {
    if (!isOn) return;
    if (location.hash.length > 1) restore();
    addEventListener("hashchange", () => location.hash.replace(/^#/, "") === last || restore());
  }
  return { element: message, update, start };
}
