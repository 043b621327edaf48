// The search of Sphinx, whose results of index entries have the title of the page only: here they
// have that of the section as well. The numbers are Sphinx's own.
const SECTION_TITLES = new Map();

function sectionTitle(page, anchor) {
  const { alltitles, docnames } = Search._index;
  if (!SECTION_TITLES.size) {
    for (const [title, places] of Object.entries(alltitles)) {
      for (const [number, id] of places) SECTION_TITLES.set(`${docnames[number]}#${id}`, title);
    }
  }
  return SECTION_TITLES.get(`${page}${anchor}`);
}

var Scorer = {
  score: (result) => {
    const [page, title, anchor, , score] = result;
    const section = anchor && sectionTitle(page, anchor);
    if (section && section !== title && !title.includes(" > ")) result[1] = `${title} > ${section}`;
    return score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
