// The keys of the query that is pointed at.

import { element, fill } from "./dom.js";

export const keysPanel = {
  name: "keys",
  title: "Keys",
  mount(store) {
    const text = element("p");
    function update(state) {
      const { keys, cells } = store.mask;
      if (state.query === null) return fill(text, "Point at a query.");
      const row = cells.subarray(state.query * keys, (state.query + 1) * keys);
      const members = Array.from(row.keys()).filter((j) => row[j]);
      return fill(text, `Query ${state.query} has keys ${members.join(", ")}`);
    }
    return { element: element("div", {}, text), update };
  },
};
