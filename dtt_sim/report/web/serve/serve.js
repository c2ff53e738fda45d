"use strict";
// The map of `dtt-sim serve`. Texts of the run are set as text, never as markup.
const TILE = 256, LEAST = 3, MOST = 15;
const by = (id) => document.getElementById(id);
const state = { zoom: 8, x: 0, y: 0, place: null };
let run = null, coast = [];

const across = (lon, zoom) => (lon + 180) / 360 * TILE * 2 ** zoom;
function down(lat, zoom) {
  const s = Math.sin(lat * Math.PI / 180);
  return (0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) * TILE * 2 ** zoom;
}
const longitude = (px, zoom) => px / (TILE * 2 ** zoom) * 360 - 180;
const latitude = (py, zoom) => Math.atan(Math.sinh(Math.PI * (1 - 2 * py / (TILE * 2 ** zoom)))) * 180 / Math.PI;

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

function fill(select, options, value) {
  select.replaceChildren(...options.map((one) => {
    const option = make("option", one.title);
    option.value = one.id;
    return option;
  }));
  if (options.some((one) => one.id === value)) select.value = value;
}

const phase = () => run.phases.find((one) => one.id === by("phase").value);
const service = () => phase().services.find((one) => one.id === by("service").value);

function choose() {
  fill(by("service"), phase().services.map((s) => ({ id: s.id, title: s.title.slice(0, 80) })), by("service").value);
  const own = service();
  const there = run.layers.filter((one) => own && one.id in own.layers);
  fill(by("layer"), there, by("layer").value);
  const legend = own && own.layers[by("layer").value];
  by("caption").textContent = legend ? legend.caption : "";
  by("legend").replaceChildren(...(legend ? legend.steps : []).map((step) => {
    const item = make("li"), svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("width", 26); svg.setAttribute("height", 15);
    const box = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [key, value] of Object.entries({ width: 25, height: 14, x: 0.5, y: 0.5, fill: step.colour, stroke: "#555" })) box.setAttribute(key, value);
    svg.append(box);
    item.append(svg, make("span", step.text));
    return item;
  }));
  draw();
}

function draw() {
  const map = by("map"), width = map.clientWidth, height = map.clientHeight, zoom = state.zoom;
  const left = state.x - width / 2, top = state.y - height / 2, last = 2 ** zoom - 1;
  const wanted = new Map();
  if (service() && by("layer").value) {
    const names = [by("phase").value, by("service").value, by("layer").value].map(encodeURIComponent).join("/");
    const [west, south, east, north] = run.bounds;
    const first = (v) => Math.max(Math.floor(v / TILE), 0), end = (v) => Math.min(Math.floor(v / TILE), last);
    for (let x = first(Math.max(left, across(west, zoom))); x <= end(Math.min(left + width, across(east, zoom))); x++)
      for (let y = first(Math.max(top, down(north, zoom))); y <= end(Math.min(top + height, down(south, zoom))); y++)
        wanted.set(`tiles/${names}/${zoom}/${x}/${y}.png`, [x * TILE - left, y * TILE - top]);
  }
  const tiles = by("tiles");
  for (const image of [...tiles.children]) if (!wanted.has(image.getAttribute("src"))) image.remove();
  const there = new Map([...tiles.children].map((image) => [image.getAttribute("src"), image]));
  for (const [source, at] of wanted) {
    let image = there.get(source);
    if (!image) {
      image = make("img");
      image.alt = ""; image.draggable = false; image.src = source;
      tiles.append(image);
    }
    image.style.left = `${Math.round(at[0])}px`; image.style.top = `${Math.round(at[1])}px`;
  }
  tiles.style.opacity = by("opacity").value;
  drawCoast(left, top);
  const marks = [], named = new Set();
  const chosen = by("service").value, isOwn = (station) => station.service === chosen;
  const sites = new Set(phase().stations.filter(isOwn).map((station) => station.site));
  const others = phase().stations.filter((station) => !isOwn(station) && !sites.has(station.site));
  for (const station of [...others, ...phase().stations.filter(isOwn)]) {
    const own = isOwn(station);
    const mark = make("div", own && !named.has(station.site) ? station.site : "", own ? "station" : "station other");
    if (own) named.add(station.site);
    put(mark, station.lon, station.lat, left, top);
    marks.push(mark);
  }
  if (state.place) {
    const mark = make("div", "", "place");
    put(mark, state.place[0], state.place[1], left, top);
    marks.push(mark);
  }
  by("marks").replaceChildren(...marks);
}

let drawn = -1;
function drawCoast(left, top) {
  // The path is made anew for each zoom, and moved with the map.
  if (drawn !== state.zoom) {
    drawn = state.zoom;
    by("shore").setAttribute("d", coast.map((line) => `M${line.map(([lon, lat]) => `${across(lon, drawn).toFixed(1)} ${down(lat, drawn).toFixed(1)}`).join("L")}`).join(""));
  }
  by("shore").setAttribute("transform", `translate(${-left} ${-top})`);
}

function put(mark, lon, lat, left, top) {
  mark.style.left = `${across(lon, state.zoom) - left}px`;
  mark.style.top = `${down(lat, state.zoom) - top}px`;
}

function zoomBy(step, px, py) {
  const map = by("map"), zoom = Math.min(Math.max(state.zoom + step, LEAST), MOST);
  const dx = px - map.clientWidth / 2, dy = py - map.clientHeight / 2, factor = 2 ** (zoom - state.zoom);
  state.x = (state.x + dx) * factor - dx;
  state.y = (state.y + dy) * factor - dy;
  state.zoom = zoom;
  draw();
}

let asked = 0;
async function explain(lon, lat) {
  state.place = [lon, lat];
  history.replaceState(null, "", `#${lat.toFixed(5)},${lon.toFixed(5)}`);
  draw();
  const turn = ++asked;
  const query = new URLSearchParams({ lat: lat.toFixed(6), lon: lon.toFixed(6), phase: by("phase").value });
  let found;
  try {
    const answer = await fetch(`point.json?${query}`);
    if (!answer.ok) throw new Error(await answer.text());
    found = await answer.json();
  } catch (error) {
    found = { services: {}, lines: [], why: error.message };
  }
  if (turn !== asked) return;
  by("hint").textContent = found.why || "";
  by("lines").textContent = found.lines.join("\n");
  by("values").replaceChildren(...Object.values(found.services).map((one) => {
    const table = make("table");
    table.append(make("caption", one.title.slice(0, 200)));
    for (const layer of Object.values(one.layers)) {
      const row = make("tr");
      row.append(make("td", layer.title), make("td", layer.shown || layer.text));
      table.append(row);
    }
    return table;
  }));
}

function listen() {
  const map = by("map");
  let from = null;
  map.addEventListener("pointerdown", (event) => {
    if (event.target.closest("button")) return;
    from = { x: event.clientX, y: event.clientY, moved: 0 };
    map.setPointerCapture(event.pointerId);
  });
  map.addEventListener("pointermove", (event) => {
    if (!from) return;
    const dx = event.clientX - from.x, dy = event.clientY - from.y;
    from = { x: event.clientX, y: event.clientY, moved: from.moved + Math.abs(dx) + Math.abs(dy) };
    state.x -= dx; state.y -= dy;
    draw();
  });
  map.addEventListener("pointerup", (event) => {
    if (from && from.moved < 5) {
      const box = map.getBoundingClientRect();
      const px = state.x - map.clientWidth / 2 + event.clientX - box.left;
      const py = state.y - map.clientHeight / 2 + event.clientY - box.top;
      explain(longitude(px, state.zoom), latitude(py, state.zoom));
    }
    from = null;
  });
  map.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = map.getBoundingClientRect();
    zoomBy(event.deltaY < 0 ? 1 : -1, event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  map.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-80, 0], ArrowRight: [80, 0], ArrowUp: [0, -80], ArrowDown: [0, 80] }[event.key];
    if (step) { state.x += step[0]; state.y += step[1]; draw(); }
    else if (event.key === "+" || event.key === "-") zoomBy(event.key === "+" ? 1 : -1, map.clientWidth / 2, map.clientHeight / 2);
    else if (event.key === "Enter") explain(longitude(state.x, state.zoom), latitude(state.y, state.zoom));
    else return;
    event.preventDefault();
  });
  by("in").addEventListener("click", () => zoomBy(1, map.clientWidth / 2, map.clientHeight / 2));
  by("out").addEventListener("click", () => zoomBy(-1, map.clientWidth / 2, map.clientHeight / 2));
  for (const id of ["phase", "service", "layer"]) by(id).addEventListener("change", choose);
  by("phase").addEventListener("change", () => state.place && explain(...state.place));
  by("opacity").addEventListener("input", draw);
  by("choice").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("resize", draw);
}

async function start() {
  run = await (await fetch("run.json")).json();
  coast = await (await fetch("coast.json")).json();
  document.title = run.title.slice(0, 120);
  by("title").textContent = run.title;
  by("warning").textContent = [run.warning, ...run.notes].filter(Boolean).join(" · ");
  by("credits").textContent = [...run.credits, `dtt_sim ${run.version}`].join(" · ");
  document.documentElement.lang = run.lang;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = run.words[element.dataset.word];
  by("report").hidden = !run.has_report;
  fill(by("phase"), run.phases.map((one) => ({ id: one.id, title: one.date ? `${one.id} (${one.date})` : one.id })), run.phases.at(-1).id);
  const [west, south, east, north] = run.bounds, map = by("map");
  state.zoom = MOST;
  while (state.zoom > LEAST && (across(east, state.zoom) - across(west, state.zoom) > map.clientWidth || down(south, state.zoom) - down(north, state.zoom) > map.clientHeight)) state.zoom--;
  state.x = (across(west, state.zoom) + across(east, state.zoom)) / 2;
  state.y = (down(south, state.zoom) + down(north, state.zoom)) / 2;
  listen();
  choose();
  // A place in the address, as #10.0,104.9, is explained at once; a click puts it there.
  const [lat, lon] = decodeURIComponent(location.hash.slice(1)).split(",").map(Number);
  if (Number.isFinite(lat) && Number.isFinite(lon)) explain(lon, lat);
}

start();
