// Elements without a framework. Text goes in as text, never as markup.

/** An element with properties, attributes (names with a dash, role, for) and children; a string is text. */
export function element(tag, properties = {}, ...content) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made && !name.includes("-")) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...content.flat().filter((part) => part !== null && part !== undefined && part !== false));
  return made;
}

let last = 0;

/** An id that no other element of the page has. */
export const uniqueId = (stem) => `explorer-${stem}-${++last}`;

/** Put these children in place of those there are. */
export function fill(parent, ...content) {
  parent.replaceChildren(...content.flat().filter((part) => part !== null && part !== undefined && part !== false));
  return parent;
}
