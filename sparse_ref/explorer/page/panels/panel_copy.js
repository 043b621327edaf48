// Copy: what is shown, as text for papers, Python and kernels, or as a picture; to the clipboard or a file.

import { button } from "../controls/controls.js";
import { csrText, ExportError, notationText, pythonText, svgText } from "../language/exports.js";
import { element, fill, uniqueId } from "../common/dom.js";
import { parse } from "../language/expression.js";
import { maskMod } from "../language/mask_mod.js";

const MAX_SHOWN = 20000;
const PICTURE = 1024; // pixels of a side, about

const nodesOf = (store) => store.state.views.map(({ text }) => parse(text, store.context.data));
const FORMS = {
  notation: { title: "Notation", file: "pattern.txt", text: (store) => notationText(store.state) },
  python: {
    title: "Python",
    file: "pattern.py",
    text: (store) => pythonText(store.state, nodesOf(store), store.context.data),
  },
  maskMod: {
    title: "mask_mod for FlexAttention",
    file: "mask_mod.py",
    text: (store) => maskMod(store.node, store.context.data),
  },
  csr: { title: "Rows as JSON (CSR)", file: "pattern.json", text: (store) => csrText(store.mask) },
  svg: {
    title: "Picture, SVG",
    file: "pattern.svg",
    type: "image/svg+xml",
    text: (store) => svgText(store.mask, store.text),
  },
  png: { title: "Picture, PNG", file: "pattern.png", type: "image/png" },
};

export const copyPanel = {
  name: "copy",
  title: "Copy",
  mount(store) {
    const [formId, textId] = [uniqueId("form"), uniqueId("copy")];
    const choice = element("select", { id: formId });
    fill(
      choice,
      Object.entries(FORMS).map(([value, { title }]) => element("option", { value }, title)),
    );
    const text = element("textarea", {
      id: textId,
      readOnly: true,
      rows: 14,
      spellcheck: false,
      "aria-label": "What is copied",
    });
    const picture = element("canvas", {
      className: "copy-picture",
      role: "img",
      "aria-label": "The matrix as it is copied",
    });
    const report = element("p", { role: "status" });
    let whole = "";

    const formOf = (state) =>
      Object.hasOwn(FORMS, state.options.copy?.form ?? "") ? state.options.copy.form : "notation";
    choice.addEventListener("change", () =>
      store.set({ options: { ...store.state.options, copy: { form: choice.value } } }),
    );

    async function copy() {
      const isPicture = formOf(store.state) === "png";
      try {
        if (isPicture)
          await navigator.clipboard.write([new ClipboardItem({ "image/png": await blobOf(picture) })]);
        else await navigator.clipboard.writeText(whole);
        report.textContent = "Copied.";
      } catch {
        report.textContent = isPicture
          ? "This browser does not copy pictures here: download it."
          : copyBySelection(text, whole);
      }
    }

    async function download() {
      const { file, type = "text/plain" } = FORMS[formOf(store.state)];
      const blob = formOf(store.state) === "png" ? await blobOf(picture) : new Blob([whole], { type });
      const address = URL.createObjectURL(blob);
      element("a", { href: address, download: file }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
      report.textContent = `${file} is written.`;
    }

    function update(state, previous) {
      if (
        previous &&
        ["views", "tab", "shape", "options", "panel"].every((part) => previous[part] === state[part])
      )
        return;
      const form = formOf(state);
      choice.value = form;
      report.textContent = "";
      text.hidden = form === "png";
      picture.hidden = form !== "png";
      if (form === "png") drawPicture(picture, store.mask);
      else whole = textOf(FORMS[form], store);
      text.value =
        whole.length > MAX_SHOWN
          ? `${whole.slice(0, MAX_SHOWN)}\n... ${whole.length - MAX_SHOWN} characters more are copied`
          : whole;
    }

    const line = element(
      "div",
      { className: "copy-line" },
      element("label", { for: formId }, "As"),
      choice,
      button("Copy", copy),
      button("Download", download),
    );
    return { element: element("div", { className: "copy" }, line, text, picture, report), update };
  },
};

function textOf(form, store) {
  try {
    return form.text(store);
  } catch (error) {
    if (!(error instanceof ExportError)) throw error;
    return `${error.message}\n`;
  }
}

const blobOf = (canvas) => new Promise((resolve) => canvas.toBlob(resolve, "image/png"));

/** Copy by the older command, which takes what is selected; what to do if it is refused. */
function copyBySelection(box, whole) {
  const shown = box.value;
  box.value = whole;
  box.focus();
  box.select();
  const isDone = document.execCommand("copy");
  if (whole.length > MAX_SHOWN && isDone) box.value = shown;
  return isDone ? "Copied." : "The text is selected: press Ctrl+C, or Cmd+C on a Mac.";
}

/** The matrix, whole pixels for each pair, dark on white. */
function drawPicture(canvas, { queries, keys, cells }) {
  const scale = Math.max(1, Math.floor(PICTURE / Math.max(queries, keys)));
  [canvas.width, canvas.height] = [keys * scale, queries * scale];
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer).fill(0xffffffff);
  for (let y = 0; y < canvas.height; y++) {
    const row = Math.floor(y / scale) * keys;
    for (let x = 0; x < canvas.width; x++)
      if (cells[row + Math.floor(x / scale)]) pixels[y * canvas.width + x] = 0xffb0620b;
  }
  context.putImageData(image, 0, 0);
}
