// What a panel lets its reader choose, in the state under the panel's name; what was never chosen has its
// default. A link may bring anything, so that what a check refuses is thrown as a TypeError.

/** The options of a panel. `checks` has a predicate for each option that is not read as it is. */
export function optionsOf(state, panel, defaults, checks) {
  const options = { ...defaults, ...state.options[panel] };
  for (const [name, isSound] of Object.entries(checks)) {
    if (options[name] !== defaults[name] && !isSound(options[name])) {
      throw new TypeError(`options of ${panel}: ${name} is not understood`);
    }
  }
  return options;
}

export const setOptions = (store, panel, patch) =>
  store.set({ options: { ...store.state.options, [panel]: { ...store.state.options[panel], ...patch } } });
