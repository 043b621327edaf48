// The explorer in a notebook: the same page in an element of an output cell, its state shared with Python by
// a model: `hovered` (a query or null), `expression` (of the current tab), `shape`, and `problem`, why a text
// or a shape from Python was not taken, or "".

import { mount } from "./main.js";

/** Build the explorer in an element; returns the function that ends what it shares with the model. */
export function render(model, root, formulas) {
  const box = document.createElement("div");
  root.append(box);
  const store = mount(box, { ...model.get("data"), isEmbedded: true }, formulas);

  /** Set in the model what changed in the page, and nothing else: the rest may be new from Python. */
  function share(state, previous) {
    const before = shared(previous);
    for (const [name, value] of Object.entries(shared(state))) {
      if (!isSame(value, before[name]) && !isSame(value, model.get(name))) model.set(name, value);
    }
    model.save_changes();
  }

  /** Take over what Python changed; what the page refuses is a problem, and the page's own value returns. */
  function follow(name, isTaken) {
    const drafts = Object.values(store.state.drafts);
    const draft = drafts.find(({ text }) => text === `${model.get(name)}`);
    model.set("problem", isTaken ? "" : draft.message);
    if (!isTaken) model.set(name, shared(store.state)[name]);
    model.save_changes();
  }
  const readers = {
    expression() {
      const text = model.get("expression");
      if (text !== store.text) follow("expression", store.write(text));
    },
    shape() {
      const shape = model.get("shape");
      if (`${shape}` !== `${store.state.shape}`) follow("shape", store.resize(shape));
    },
    hovered() {
      const query = model.get("hovered");
      const isThere = query === null || query < store.state.shape[0];
      if (query !== store.state.query && isThere) store.set({ query });
    },
  };

  for (const read of Object.values(readers)) read(); // what Python changed before it was shown
  const end = store.subscribe(share);
  for (const [name, read] of Object.entries(readers)) model.on(`change:${name}`, read);
  return () => {
    end();
    for (const [name, read] of Object.entries(readers)) model.off(`change:${name}`, read);
  };
}

/** What Python sees of a state. */
const shared = ({ query, shape, views, tab }) => ({ hovered: query, expression: views[tab].text, shape });

const isSame = (a, b) => JSON.stringify(a) === JSON.stringify(b);
