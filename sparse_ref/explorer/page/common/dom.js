// Elements without a framework. Text goes in as text, never as markup.

/** An element with properties, attributes (names with a dash, role, for) and children; a string is text. */
export function element(tag, properties = {}, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && !name.includes("-")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...nodes(content));
  return made;
}

const LAST_ID = Symbol.for("sparse_ref.explorer.lastId");

/** An id that no other element has; several explorers in a notebook count together. */
export function uniqueId(stem) {
  document[LAST_ID] = (document[LAST_ID] ?? 0) + 1;
  return `explorer-${stem}-${document[LAST_ID]}`;
}

/** A text beside a spot of its colour. */
export const sample = (colour, text) => element("span", { className: `sample ${colour}` }, text);

/** A square of a colour, the name of a CSS variable without its dashes. */
export function swatch(colour) {
  const square = element("span", { className: "swatch", "aria-hidden": "true" });
  square.style.backgroundColor = `var(--${colour})`;
  return square;
}

/** Put these children in place of those there are. */
export function fill(parent, ...content) {
  parent.replaceChildren(...nodes(content));
  return parent;
}

/** What there is of content, in any depth of lists. */
function nodes(content) {
  return content.flat(Infinity).filter((part) => part !== null && part !== undefined && part !== false);
}
