// What a panel lets its reader choose, in the state under the panel's name; what was never chosen has its
// default.

export const optionsOf = (state, panel, defaults) => ({ ...defaults, ...state.options[panel] });

export const setOptions = (store, panel, patch) =>
  store.set({ options: { ...store.state.options, [panel]: { ...store.state.options[panel], ...patch } } });
