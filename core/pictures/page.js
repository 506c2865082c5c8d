'use strict';
// Draws the page's data: the graph (click a folded box to open it, the head of an open one to close
// it), the curve of live bytes, trees of dominators. Names from the model only ever become text.
const data = JSON.parse(document.getElementById('data').textContent);
const {title, subtitle, line, details, kind, parent, fill} = data.boxes;
const open = data.boxes.open.map(Boolean);
const byId = (id) => document.getElementById(id);

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

function makeSvg(tag, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function bytesText(bytes) {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; ++unit) bytes /= 1000;
  return (unit ? bytes.toPrecision(3) : bytes) + ' ' + units[unit];
}

// -- the graph

const elements = new Map();  // of each box that was ever drawn, the last one
const folds = (box) => data.levels[box] !== undefined;

function closedBox(box) {
  const element = make('div', `box ${kind[box]}${folds(box) ? ' folded' : ''}`);
  element.append(make('b', '', title[box]), make('span', '', subtitle[box]),
    make('span', 'dim', line[box]));
  element.style.background = fill[box];
  element.onclick = () => { select(box); if (folds(box)) toggle(box); };
  return element;
}

function openBox(box) {
  const element = make('div', box === 0 ? 'whole' : 'open');
  const head = make('div', 'head', `▾ ${title[box]}  ${subtitle[box]}`);
  head.onclick = () => { select(box); toggle(box); };
  const wires = new Map();
  element.append(makeSvg('svg', {class: 'edges'}));
  if (box !== 0) element.append(head);
  for (const row of data.levels[box].rows) {
    const line = make('div', 'row');
    for (const place of row) {
      const item = place < 0 ? make('div', 'wire') : render(place);
      if (place < 0) wires.set(place, item);
      line.append(item);
    }
    element.append(line);
  }
  element.redraw = () => drawEdges(element, head, box, wires);
  return element;
}

function render(box) {
  const element = folds(box) && open[box] ? openBox(box) : closedBox(box);
  elements.set(box, element);
  return element;
}

function drawEdges(element, head, box, wires) {
  const top = (item) => [item.offsetLeft + item.offsetWidth / 2, item.offsetTop];
  const bottom = (item) => [top(item)[0], item.offsetTop + item.offsetHeight];
  const item = (place) => place < 0 ? wires.get(place) : elements.get(place);
  const middle = element.clientWidth / 2;
  let path = '';
  const segments = data.levels[box].segments;
  for (let i = 0; i < segments.length; i += 2) {
    const [from, to] = [segments[i], segments[i + 1]];
    const [x, y] = from === box ? [middle, head.offsetHeight] : bottom(item(from));
    const [u, v] = to === box ? [middle, element.clientHeight] : top(item(to));
    path += `M${x} ${y}C${x} ${(y + v) / 2} ${u} ${(y + v) / 2} ${u} ${v}`;
    path += to < 0 ? `V${bottom(item(to))[1]}` : 'm-3 -6l3 6l3 -6';
  }
  element.firstChild.replaceChildren(makeSvg('path', {d: path}));
}

function redraw() {
  byId('graph').querySelectorAll('.open, .whole').forEach((element) => element.redraw());
}

function toggle(box) {
  const old = elements.get(box);
  open[box] = !open[box];
  old.replaceWith(render(box));
  redraw();
}

function select(box) {
  for (const old of document.querySelectorAll('.selected')) old.classList.remove('selected');
  elements.get(box).classList.add('selected');
  byId('details').textContent = [`${title[box]}  ${subtitle[box]}`, details[box]].join('\n');
}

function reveal(box) {
  const around = [];
  for (let b = parent[box]; b !== 0; b = parent[b]) around.unshift(b);
  for (const b of around) if (!open[b]) toggle(b);
  select(box);
  elements.get(box).scrollIntoView({block: 'center', inline: 'center'});
}

let found = -1;
function search(text) {
  const wanted = text.toLowerCase();
  const n = title.length;
  for (let i = 1; wanted && i <= n; ++i) {
    const box = (found + i) % n;
    if (!`${title[box]} ${subtitle[box]}`.toLowerCase().includes(wanted)) continue;
    found = box;
    if (box !== 0) return reveal(box);
  }
  byId('details').textContent = wanted ? `nothing is called '${text}'` : '';
}

// -- live bytes over the schedule

function drawCurve() {
  const {bytes, box, peak} = data.curve;
  const [width, height, columns] = [1000, 160, Math.min(bytes.length, 1000)];
  const most = Math.max(1, bytes[peak] || 0);
  const x = (at) => (at * width / bytes.length).toFixed(1);
  const y = (value) => (height - value * (height - 10) / most).toFixed(1);
  let path = `M0 ${height}`;
  for (let c = 0; c < columns; ++c) {
    const [from, to] = [c, c + 1].map((k) => Math.floor(k * bytes.length / columns));
    let highest = 0;
    for (let at = from; at < to; ++at) highest = Math.max(highest, bytes[at]);
    path += `L${x(from)} ${y(highest)}H${x(to)}`;
  }
  const svg = byId('curve');
  svg.append(makeSvg('path', {d: `${path}V${height}Z`, class: 'area'}));
  if (most > 1) {
    svg.append(makeSvg('circle', {cx: x(peak + 0.5), cy: y(most), r: 5, class: 'peak'}));
  }
  const at = (event) => {
    const share = (event.clientX - svg.getBoundingClientRect().left) / svg.clientWidth;
    return Math.min(bytes.length - 1, Math.max(0, Math.floor(share * bytes.length)));
  };
  svg.onmousemove = (event) => {
    const position = at(event);
    byId('at').textContent =
      `${title[box[position]]}: ${bytesText(bytes[position])} alive`;
  };
  svg.onclick = (event) => { if (box[at(event)] > 0) reveal(box[at(event)]); };
}

// -- dominators

// A tree as lists that stay shallow, whatever its shape: the largest subtree goes on in its
// parent's list, the others are lists of their own, made when they are opened.
function drawTree(element, immediate) {
  const below = new Map(), size = new Map(immediate.map(([box]) => [box, 1]));
  for (const [box, up] of immediate) {
    if (!below.has(up)) below.set(up, []);
    below.get(up).push(box);
  }
  for (let i = immediate.length; i-- > 0;) {  // parents come first
    const [box, up] = immediate[i];
    if (size.has(up)) size.set(up, size.get(up) + size.get(box));
  }
  const item = (box) => {
    const link = make('a', '', title[box]);
    link.href = '#graph';
    link.onclick = (event) => { event.preventDefault(); reveal(box); };
    const li = make('li');
    li.append(link, ` ${subtitle[box]}`);
    return li;
  };
  const fillList = (ul, box, count) => {
    for (; box !== undefined && count > 0; --count) {
      ul.append(item(box));
      const children = [...(below.get(box) ?? [])].sort((a, b) => size.get(b) - size.get(a));
      sublists(ul.lastChild, children.slice(1));
      box = children[0];
    }
    if (box !== undefined) later(ul, `${size.get(box)} more`, (li) => fillList(ul, box, 200, li));
  };
  const later = (ul, text, then) => {
    const more = make('li');
    const button = make('button', '', text);
    button.onclick = () => { more.remove(); then(); };
    more.append(button);
    ul.append(more);
  };
  const sublists = (into, boxes) => {
    for (const box of boxes.slice(0, 100)) {
      const fold = make('details'), list = make('ul');
      fold.append(make('summary', '', `${title[box]} (${size.get(box)})`), list);
      fold.ontoggle = () => { if (!list.firstChild) fillList(list, box, 200); };
      into.append(fold);
    }
    if (boxes.length > 100) {
      const button = make('button', '', `${boxes.length - 100} more`);
      button.onclick = () => { button.remove(); sublists(into, boxes.slice(100)); };
      into.append(button);
    }
  };
  const roots = (below.get(-1) ?? []).sort((a, b) => size.get(b) - size.get(a));
  const top = make('ul');
  if (roots.length) fillList(top, roots[0], 200);
  element.append(top);
  sublists(element, roots.slice(1));
}

byId('graph').append(render(0));
redraw();
drawCurve();
drawTree(byId('dominators'), data.dominators);
drawTree(byId('post_dominators'), data.post_dominators);
byId('search').onsubmit = (event) => { event.preventDefault(); search(byId('wanted').value); };
for (const row of document.querySelectorAll('tr[data-leaf]')) {
  row.onclick = () => reveal(Number(row.dataset.leaf));
}
window.onresize = redraw;
