// The parameters of expressions, as sliders change them: those of the same name and value, in all tabs,
// are one.

import { notation, ownLength, parse, transform } from "./expression.js";

/** The parameters of some texts: { name, owner, value, isSet, least, places }, each once; a place is
 * "tab.node.slot". */
export function parametersIn(texts, data, labels = []) {
  const groups = new Map();
  texts.forEach((text, tab) => {
    let node = 0;
    transform(parse(text, data), (part) => {
      const owner = part.name ?? part.kind;
      for (const slot of slotsOf(part, data))
        addTo(groups, { ...slot, owner, tab }, `${tab}.${node}.${slot.key}`);
      node++;
      return part;
    });
  });
  return [...groups.values()].map((group, _, all) => ({ ...group, owner: ownerOf(group, all, labels) }));
}

/** What tells a parameter from others of its name: the rules that have it, and their tabs; "" if there are
 * none. */
function ownerOf(group, groups, labels) {
  const others = groups.filter((other) => other !== group && other.name === group.name);
  const rules = ({ owners }) => [...owners].join(", ");
  if (!others.length) return "";
  const isTold = others.every((other) => rules(other) !== rules(group));
  const tabs = [...group.tabs].map((tab) => labels[tab]).join(", ");
  if (isTold || labels.length < 2) return rules(group);
  return others.every((other) => rules(other) === rules(group)) ? tabs : `${rules(group)}, ${tabs}`;
}

function addTo(groups, { name, value, isSet, least, owner, tab }, place) {
  const key = `${name}=${value}${isSet ? " set" : ""}`;
  const group = groups.get(key) ?? {
    name,
    value,
    isSet,
    least,
    places: [],
    owners: new Set(),
    tabs: new Set(),
  };
  group.least = group.least === null ? least : least === null ? group.least : Math.max(group.least, least);
  group.places.push(place);
  group.owners.add(owner);
  group.tabs.add(tab);
  groups.set(key, group);
}

/** The numbers of one node that a slider may change: { key, name, value, isSet, least }. */
function slotsOf(node, data) {
  const number = (key, name, least) => ({ key, name, value: node[key], isSet: false, least });
  switch (node.kind) {
    case "rule":
      return ruleSlots(node, data.rules[node.name]);
    case "shifted":
      return [number("offset", "offset", null)];
    case "blockwise":
      return node.block[0] === node.block[1]
        ? [{ key: "block", name: "block", value: node.block[0], isSet: false, least: 1 }]
        : [];
    case "pooled":
      return [number("length", "length", 1), number("stride", "stride", 1)];
  }
  return [];
}

const ruleSlots = (node, { parameters, isSized }) =>
  parameters
    .map(({ name, isSet, least }, place) => ({ key: place, name, value: node.values[place], isSet, least }))
    .filter(({ key }) => !(isSized && key === 0));

/** The texts with `value` in these places. */
export function withParameter(texts, places, value, data) {
  const wanted = new Set(places);
  return texts.map((text, tab) => {
    let count = 0;
    const changed = transform(parse(text, data), (part) => {
      const node = count++;
      const isChanged = (key) => wanted.has(`${tab}.${node}.${key}`);
      if (part.kind === "rule")
        return { ...part, values: part.values.map((old, place) => (isChanged(place) ? value : old)) };
      if (isChanged("block")) return { ...part, block: [value, value] };
      const keys = ["offset", "length", "stride"].filter(isChanged);
      return { ...part, ...Object.fromEntries(keys.map((key) => [key, value])) };
    });
    return notation(changed);
  });
}

/** [least, most] of a parameter's slider: as named in the page's ranges, else up to twice the value, 16
 * and more, at most n. */
export function rangeOf({ name, value, least }, ranges, n) {
  if (Object.hasOwn(ranges, name))
    return [Math.min(ranges[name][0], Number(value)), Math.max(ranges[name][1], Number(value))];
  const size = Math.abs(Number(value));
  const most = Math.max(Math.min(Math.max(2 * size, 16), n), size);
  return [least ?? -most, most];
}

/** Why the number of keys is fixed; "" if it is not. */
export function reasonForLength(texts, labels, data) {
  const fixed = texts.findIndex((text) => ownLength(parse(text, data), data) !== null);
  if (fixed < 0) return "";
  const subject = texts.length > 1 ? labels[fixed] : "this pattern";
  return `${subject} is stated for this length alone: its text says which`;
}

const STEPS = 1000;

/** The length at a place of its slider, which is finer for short ones: 1 at 0, `most` at the end. */
export const lengthAt = (place, most) => Math.round(most ** (place / STEPS));

/** The place of a length on its slider. */
export const placeOf = (length, most) => Math.round((STEPS * Math.log(length)) / Math.log(most));
