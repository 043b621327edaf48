// The layers of a page: its tabs from below if they are steps or layers; one layer of all of them if they are
// heads or branches.

import { dataKey, memory } from "../common/memory.js";
import { layerOf } from "./reach.js";

const remember = memory(24);

/** Whether the tabs are layers, one above the other; heads and branches are side by side in one layer. */
export const isStacked = (state) => !["head", "branch"].includes(state.kind);

/** The texts of each layer, which are united. */
const layerTexts = ({ kind, views }) => {
  const texts = views.map(({ text }) => text);
  return isStacked({ kind }) ? texts.map((text) => [text]) : [texts];
};

/** What each layer is called in a sentence. */
export const layerNames = (state) => layerTexts(state).map((texts) => texts.join(" | "));

/** The layers of the state, as reach.js takes them; remembered. n queries and n keys are expected. */
export function layersOf(store, hasResidual) {
  const layer = (texts) =>
    layerOf(
      texts.map((text) => store.maskOf(text)),
      hasResidual,
    );
  const key = `${dataKey(store)} ${hasResidual}`;
  return layerTexts(store.state).map((texts) => remember(`${key} ${texts.join("\n")}`, () => layer(texts)));
}
