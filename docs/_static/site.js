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

// On a phone a figure that would shrink by much scrolls in a box of its own.
document.addEventListener("DOMContentLoaded", () => {
  const LARGEST = 640; // pixels of a figure on a phone
  const SHRINK = 1.15; // a figure less wide than this many boxes just shrinks
  const boxes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      // A box that scrolls is reached by the keyboard, too.
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  const box = (image) => {
    const width = Number(image.getAttribute("width")) || image.naturalWidth;
    if (width < SHRINK * 360) return;
    const figure = document.createElement("span");
    figure.className = "wide-figure";
    figure.setAttribute("role", "group");
    figure.setAttribute("aria-label", "Figure");
    figure.style.setProperty("--readable-width", `${Math.min(width, LARGEST)}px`);
    const content = image.closest("a.image-reference") ?? image; // which opens it at full size
    content.replaceWith(figure);
    figure.append(content);
    boxes.observe(figure);
  };
  for (const image of document.querySelectorAll(".bd-article img")) {
    if (image.closest(".door, .card-of")) continue;
    if (image.complete) box(image);
    else image.addEventListener("load", () => box(image), { once: true });
  }
});
