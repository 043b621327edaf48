// The selection in the matrix, while its panel is shown.

import { LengthError } from "../sets/rows.js";
import { selection } from "../sets/selections.js";

/** The layers of what is chosen and what is forced, for painters.js; null if another panel is shown. */
export function selectionLayers(store) {
  if (store.state.panel !== "selection") return null;
  try {
    const { chosen, forced } = selection(store);
    return [
      { label: "chosen", colour: "member", mask: chosen },
      { label: "forced", colour: "part-3", mask: forced },
    ];
  } catch (error) {
    if (error instanceof LengthError) return null;
    throw error;
  }
}
