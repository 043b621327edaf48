// The filter of the catalogue's index: a card is shown if it has every class that is ticked.
document.addEventListener("DOMContentLoaded", () => {
  const filter = document.querySelector("fieldset.filter");
  if (!filter) return;
  const boxes = [...filter.querySelectorAll("input")];
  const cards = [...document.querySelectorAll(".card-of")];
  const show = () => {
    const wanted = boxes.filter((box) => box.checked).map((box) => box.value);
    for (const card of cards) card.hidden = !wanted.every((name) => card.classList.contains(name));
    for (const section of document.querySelectorAll("section:has(> .cards)")) {
      section.hidden = !section.querySelector(".card-of:not([hidden])");
    }
    const shown = cards.filter((card) => !card.hidden).length;
    const hint = shown ? "" : ": no entry has all of these, so clear a filter";
    filter.querySelector("output").textContent = `${shown} of ${cards.length}${hint}`;
  };
  filter.hidden = false;
  filter.addEventListener("change", show);
  show();
});

// The theme's buttons that unfold the sidebar have no name.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("summary:has(.toctree-toggle)")) {
    const link = button.closest("li")?.querySelector("a");
    button.setAttribute("aria-label", `Pages of ${link?.textContent.trim() ?? "this section"}`);
  }
});

// The buttons of hidden cells say what they show; a second name would hide that.
document.addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("details.hide > summary")) {
    button.removeAttribute("aria-label");
  }
});
