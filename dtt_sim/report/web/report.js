"use strict";
// The page of a run: map, explanations, charts and tables. User data are set as text, never as markup.
(() => {
  const D = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const T = (key, values = {}) => {
    const text = D.text["report_script." + key] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  };
  const term = (group, name) => D.text[`${group}.${name}`] ?? name;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;

  function number(value, digits = 0) {
    if (value == null || !Number.isFinite(value)) return "–";
    const [whole, part] = Math.abs(value).toFixed(digits).split(".");
    const text = whole.replace(/\B(?=(\d{3})+$)/g, D.group) + (part ? D.decimal + part : "");
    return (value < 0 && /[1-9]/.test(text) ? "−" : "") + text;
  }
  const short = (text, n = 24) => ([...text].length > n ? [...text].slice(0, n - 1).join("") + "…" : text);

  function element(name, attributes = {}, ...children) {
    const e = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "class") e.className = value;
      else if (key in e && typeof value !== "string") e[key] = value;
      else e.setAttribute(key, value);
    }
    e.append(...children.filter((c) => c != null));
    return e;
  }

  // ---- arrays -------------------------------------------------------------------------------------
  const KINDS = { u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, i4: Int32Array };
  const kept = new Map();

  async function inflate(number_) {
    const text = $("blob-" + number_).textContent;
    const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }
  function array(reference) {
    if (!reference) return Promise.resolve(null);
    if (!kept.has(reference)) {
      const [kind, number_] = reference.split(":");
      kept.set(reference, inflate(number_).then((buffer) => {
        if (kind === "text") return new TextDecoder().decode(buffer);
        const values = new KINDS[kind](buffer);
        for (let k = 1; k < values.length; k++) values[k] += values[k - 1]; // wraps, as it was packed
        return values;
      }));
    }
    return kept.get(reference);
  }

  // ---- colours: distinct in lightness as well as in hue, for print in grey -------------------------
  const SERVED = ["#f4efe6", "#8fc3dd", "#1f6f9f"], AT_SEA = ["#dfe6ea", "#b5d5e3", "#6fa3bf"];
  const CAUSE = ["#e3ecf2", "#ffffff", "#f0c471", "#c4668f", "#4b2a63"];
  const CHANGE = ["#faf7f0", "#e8871e", "#0b3c6f", "#cfdbe3"];
  const MARGIN = [[-20, "#fbf1e0"], [-10, "#f7dcae"], [-3, "#efc07a"], [0, "#e0a04a"], [3, "#6a9fc8"], [10, "#4580b4"], [20, "#1f5a94"], [Infinity, "#0b2f5c"]];
  const PEOPLE = [[1, null], [10, "#e9e4d0"], [50, "#cdbf8e"], [200, "#a08a4e"], [1000, "#6b5526"], [Infinity, "#33260c"]];
  const STATIONS = ["#0b3c6f", "#e8871e", "#7fb2d6", "#8c2d5a", "#5f9e6e", "#c9b458", "#4b2a63", "#b5d5a5", "#a0522d", "#6e7f8d", "#d98ba5", "#2f6f6a"];
  const LAND = [238, 236, 228], SEA = [214, 227, 234];
  const rgb = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
  const stationColour = (k) => STATIONS[k % STATIONS.length];
  const step = (table, value) => table.find(([limit]) => value < limit)[1];

  // ---- map ----------------------------------------------------------------------------------------
  const runs = D.runs;
  let map = null, overlays = [[], []], sites = null, units = null, pin = null, drawn = 0;
  const state = { phase: "", service: "", quantity: "served", opacity: 1 };
  const both = runs.length > 1;
  const phaseOf = (run) => run.phases.find((p) => p.id === state.phase) ?? null;
  const serviceOf = (run) => phaseOf(run)?.services.find((s) => s.id === state.service) ?? null;

  async function painted(run, colourOf) {
    const [height, width] = run.size;
    const [row, col] = await Promise.all([array(run.row), array(run.col)]);
    const canvas = element("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    for (let k = 0; k < row.length; k++) {
      if (row[k] === 65535) continue;
      const colour = colourOf(row[k] * run.shape[1] + col[k]);
      if (colour) image.data.set([colour[0], colour[1], colour[2], colour[3] ?? 255], 4 * k);
    }
    context.putImageData(image, 0, 0);
    return canvas.toDataURL("image/png");
  }

  async function ground(run) {
    const zone = await array(run.zone);
    if (!zone) return null;
    return painted(run, (cell) => (zone[cell] === 1 ? SEA : zone[cell] >= 3 && zone[cell] <= 4 ? LAND : null));
  }

  // Where land and sea meet, in the middle of the pixels of the picture.
  async function coast(run) {
    const [zone, row, col] = await Promise.all([run.zone, run.row, run.col].map(array));
    if (!zone) return null;
    const [height, width] = run.size;
    const isSea = (k) => (row[k] === 65535 ? null : zone[row[k] * run.shape[1] + col[k]] === 1);
    const canvas = element("canvas");
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    for (let k = 0; k < row.length; k++) {
      const own = isSea(k);
      if (own == null) continue;
      const right = k % width < width - 1 ? isSea(k + 1) : own, below = k + width < row.length ? isSea(k + width) : own;
      if ((right != null && right !== own) || (below != null && below !== own)) image.data.set([30, 30, 30, 255], 4 * k);
    }
    context.putImageData(image, 0, 0);
    return canvas.toDataURL("image/png");
  }

  async function colours(run) {
    const service = serviceOf(run);
    const q = state.quantity;
    if (q === "people") {
      const persons = await array(run.persons);
      const table = PEOPLE.map(([limit, c]) => [limit, c && rgb(c)]);
      return persons && ((cell) => (persons[cell] > 0 ? step(table, persons[cell] / 10) ?? rgb("#f6f2e4") : null));
    }
    if (!service) return null;
    if (q === "served") {
      const [served, zone] = await Promise.all([array(service.served), array(run.zone)]);
      const [palette, sea] = [SERVED.map(rgb), AT_SEA.map(rgb)];
      return served && ((cell) => (zone?.[cell] === 1 ? sea : palette)[served[cell]] ?? null);
    }
    if (q === "cause") {
      const [cause, palette] = [await array(service.cause), CAUSE.map(rgb)];
      return cause && ((cell) => (cause[cell] === 1 ? null : palette[cause[cell]] ?? null));
    }
    if (q === "margin") {
      const margin = await array(service.margin);
      const table = MARGIN.map(([limit, c]) => [limit, rgb(c)]);
      return margin && ((cell) => (margin[cell] === -32768 ? null : step(table, margin[cell] / 10)));
    }
    if (q === "best") {
      const best = await array(service.best);
      const palette = run.station_ids.map((_, k) => rgb(stationColour(k)));
      return best && ((cell) => (best[cell] < 0 ? null : palette[best[cell]]));
    }
    return null;
  }

  async function changeColours() {
    const [a, b] = await Promise.all(runs.map((run) => array(serviceOf(run)?.served)));
    if (!a && !b) return null;
    const palette = CHANGE.map(rgb);
    return (cell) => {
      if (a?.[cell] === 255 || b?.[cell] === 255) return null;
      return palette[(a?.[cell] === 2 ? 1 : 0) + (b?.[cell] === 2 ? 2 : 0)];
    };
  }

  function startMap() {
    map = L.map("map", {
      attributionControl: false, zoomSnap: 0.25, zoomAnimation: !still, fadeAnimation: !still,
      inertia: !still, keyboard: true, maxZoom: 15,
    });
    for (const name of ["left", "right"]) {
      map.createPane(name).style.zIndex = 350;
      map.getPane(name).style.pointerEvents = "none";
    }
    map.createPane("ground").style.zIndex = 300;
    map.createPane("coast").style.zIndex = 360;
    map.getPane("coast").style.pointerEvents = "none";
    map.fitBounds(runs[0].bounds, { animate: false });
    L.control.scale({ imperial: false }).addTo(map);
    map.on("click", (event) => explain(event.latlng));
    map.on("move zoom resize", clip);
    map.getContainer().addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target === map.getContainer()) explain(map.getCenter());
    });
    runs.forEach(async (run, k) => {
      const url = await ground(run);
      if (k > 0 && D.same_grid) return;
      if (url) L.imageOverlay(url, run.bounds, { pane: "ground", className: "cells", alt: "" }).addTo(map);
      const line = await coast(run);
      if (line) L.imageOverlay(line, run.bounds, { pane: "coast", className: "cells", alt: "" }).addTo(map);
    });
  }

  function option(select, value, text) {
    select.append(element("option", { value, dir: "auto" }, short(text, 70)));
  }
  function fill(id, entries, wanted) {
    const select = $(id);
    select.replaceChildren();
    entries.forEach(([value, text]) => option(select, value, text));
    const values = entries.map(([value]) => value);
    select.value = values.includes(wanted) ? wanted : values[0] ?? "";
    return select.value;
  }

  function controls() {
    const phases = new Map();
    runs.forEach((run) => run.phases.forEach((p) => phases.has(p.id) || phases.set(p.id, p)));
    const dated = (p) => (p.date ? `${p.title} (${p.date ?? ""})` : p.title);
    const last = runs[0].phases[runs[0].phases.length - 1];
    state.phase = fill("c-phase", [...phases].map(([id, p]) => [id, dated(p)]), last?.id);
    const quantities = ["served", "margin", "cause", "best"];
    if (runs[0].persons) quantities.push("people");
    if (both && D.same_grid) quantities.push("change");
    state.quantity = fill("c-quantity", quantities.map((q) => [q, T("quantity_" + q)]), "served");
    services();
    $("c-phase").addEventListener("change", (e) => { state.phase = e.target.value; services(); show(); });
    $("c-service").addEventListener("change", (e) => { state.service = e.target.value; show(); });
    $("c-quantity").addEventListener("change", (e) => { state.quantity = e.target.value; show(); });
    $("c-opacity").addEventListener("input", (e) => {
      state.opacity = Number(e.target.value) / 100;
      overlays.flat().forEach((o) => o.setOpacity(state.opacity));
    });
    $("c-units").addEventListener("change", showUnits);
    $("c-sites").addEventListener("change", showSites);
    $("c-swipe")?.addEventListener("change", show);
    $("c-divider")?.addEventListener("input", clip);
    $("controls").addEventListener("submit", (e) => e.preventDefault());
    $("explain").addEventListener("click", () => explain(map.getCenter()));
    $("reset").addEventListener("click", () => map.fitBounds(runs[0].bounds, { animate: !still }));
  }

  function services() {
    const found = new Map();
    runs.forEach((run) => phaseOf(run)?.services.forEach((s) => found.has(s.id) || found.set(s.id, s)));
    state.service = fill("c-service", [...found].map(([id, s]) => [id, s.title]), state.service);
  }

  async function show() {
    const own = ++drawn;
    const isChange = state.quantity === "change";
    const swipe = both && !isChange && ($("c-swipe")?.checked ?? false);
    const made = [];
    for (const k of swipe ? [0, 1] : [0]) {
      const colourOf = isChange ? await changeColours() : await colours(runs[k]);
      const url = colourOf ? await painted(runs[k], colourOf) : null;
      made.push(url ? L.imageOverlay(url, runs[k].bounds, { pane: k ? "right" : "left", className: "cells", opacity: state.opacity, alt: "" }) : null);
    }
    if (own !== drawn) return; // another choice was made meanwhile
    overlays.flat().forEach((o) => o.remove());
    overlays = [[], []];
    made.forEach((layer, k) => { if (layer) { layer.addTo(map); overlays[k].push(layer); } });
    document.body.classList.toggle("swiping", swipe);
    for (const id of ["divider", "label-a", "label-b", "swipe-label"]) if ($(id)) $(id).hidden = !swipe;
    clip();
    legend();
    caption(made[0] != null || made[1] != null);
    showSites();
    showUnits();
    document.body.dataset.shown = [state.phase, state.service, state.quantity, swipe].join(" ");
  }

  function clip() {
    const right = map.getPane("right"), left = map.getPane("left");
    if (!document.body.classList.contains("swiping")) {
      left.style.clipPath = right.style.clipPath = "none";
      return;
    }
    const size = map.getSize(), share = Number($("c-divider").value) / 100;
    const nw = map.containerPointToLayerPoint([0, 0]), se = map.containerPointToLayerPoint(size);
    const at = nw.x + size.x * share;
    const box = (x0, x1) => `polygon(${x0}px ${nw.y}px, ${x1}px ${nw.y}px, ${x1}px ${se.y}px, ${x0}px ${se.y}px)`;
    left.style.clipPath = box(nw.x, at);
    right.style.clipPath = box(at, se.x);
    $("divider").style.left = `${100 * share}%`;
  }

  function caption(isThere) {
    const phase = runs.map(phaseOf).find(Boolean), service = runs.map(serviceOf).find(Boolean);
    const parts = [T("quantity_" + state.quantity)];
    if (service && state.quantity !== "people") parts.push(service.title);
    if (phase && state.quantity !== "people") parts.push(phase.date ? `${phase.title}, ${phase.date}` : phase.title);
    $("caption").textContent = parts.map((p) => short(p, 90)).join(" · ") + (isThere ? "" : ` – ${T("no_layer")}`);
  }

  function legend() {
    const box = $("legend");
    box.replaceChildren();
    const add = (colour, text) => {
      const sample = element("span", { class: "swatch" });
      sample.style.background = colour;
      box.append(element("span", { class: "entry", dir: "auto" }, sample, short(text, 60)));
    };
    const service = runs.map(serviceOf).find(Boolean);
    const q = state.quantity;
    if (q === "served" && service) {
      [T("not_served"), ...service.qualities].forEach((text, k) => add(SERVED[k], text));
      add("#fff", T("no_data"));
      add(AT_SEA[1], T("at_sea"));
    } else if (q === "cause") {
      ["served", null, "noise", "self-interference", "interference"].forEach((n, k) => n && add(CAUSE[k], term("cause", n)));
    } else if (q === "margin") {
      let from = null;
      MARGIN.forEach(([limit, colour]) => {
        const text = from == null ? `< ${number(limit)} dB` : limit === Infinity ? `≥ ${number(from)} dB` : `${number(from)} … ${number(limit)} dB`;
        add(colour, text);
        from = limit;
      });
    } else if (q === "best" && service) {
      stationLegend(service, add);
    } else if (q === "people") {
      let from = 0;
      PEOPLE.forEach(([limit, colour]) => {
        add(colour ?? "#f6f2e4", limit === Infinity ? `≥ ${number(from)}` : `${number(from)}–${number(limit)}`);
        from = limit;
      });
      box.append(T("people_cell"));
    } else if (q === "change") {
      ["neither", "lost", "gained", "kept"].forEach((n, k) => add(CHANGE[k], T("change_" + n, { a: runs[0].label, b: runs[1].label })));
    }
  }

  async function stationLegend(service, add) {
    const own = drawn, best = await array(service.best);
    if (!best || own !== drawn) return;
    const count = new Map();
    for (const k of best) if (k >= 0) count.set(k, (count.get(k) ?? 0) + 1);
    [...count].sort((a, b) => b[1] - a[1]).forEach(([k]) => {
      const id = runs[0].station_ids[k];
      add(stationColour(k), `${runs[0].stations[id].site} (${id})`);
    });
  }

  // ---- sites and units ----------------------------------------------------------------------------
  function showSites() {
    sites?.remove();
    sites = L.layerGroup();
    if (!$("c-sites").checked) return;
    const bySite = new Map();
    runs.forEach((run, k) => {
      for (const id of phaseOf(run)?.on_air ?? []) {
        const s = run.stations[id];
        if (s?.lat == null) continue;
        const key = `${s.lat} ${s.lon}`;
        if (!bySite.has(key)) bySite.set(key, { site: s.site, lat: s.lat, lon: s.lon, stations: new Map() });
        const own = bySite.get(key).stations;
        own.set(id, { ...(own.get(id) ?? { ...s, kw: phaseOf(run).kw[id] ?? s.kw, in: [] }) });
        own.get(id).in.push(k);
      }
    });
    for (const site of bySite.values()) {
      const isOn = [...site.stations.values()].some((s) => s.service === state.service);
      const icon = L.divIcon({ className: isOn ? "site on" : "site", html: element("span", { "aria-hidden": "true" }, "▲"), iconSize: [24, 24] });
      const marker = L.marker([site.lat, site.lon], { icon, keyboard: true, alt: site.site, title: short(site.site, 60), riseOnHover: true, zIndexOffset: isOn ? 1000 : 0 });
      marker.bindPopup(sitePopup(site), { maxWidth: 320, maxHeight: 260 });
      marker.addTo(sites);
    }
    sites.addTo(map);
  }

  function sitePopup(site) {
    const rows = [...site.stations].map(([id, s]) => element("tr", {},
      element("td", { dir: "auto" }, short(id, 40)), element("td", { dir: "auto" }, short(titleOf(s.service), 40)),
      element("td", { class: "n" }, `${number(s.mhz)} MHz`), element("td", { class: "n" }, `${number(s.kw, s.kw < 1 ? 3 : 1)} kW`),
      both ? element("td", {}, s.in.map((k) => runs[k].label).join(", ")) : null));
    return element("div", { class: "popup" }, element("strong", { dir: "auto" }, site.site),
      element("table", {}, element("tbody", {}, ...rows)));
  }
  const titleOf = (service) => {
    for (const run of runs) for (const p of run.phases) for (const s of p.services) if (s.id === service) return s.title;
    return service;
  };

  function unitLines(name) {
    const lines = [];
    runs.forEach((run) => {
      const found = run.numbers[name]?.[state.phase];
      if (!found) return;
      if (both) lines.push([run.label, null]);
      if (found.persons != null) lines.push([T("people"), number(found.persons)]);
      const served = found.services?.[state.service];
      if (served != null && found.persons) lines.push([T("served_by", { service: short(titleOf(state.service), 40) }), `${number(served)} (${number((100 * served) / found.persons, 1)} %)`]);
      if (found.households) {
        lines.push([T("households_having"), `${number(found.having)} / ${number(found.households)} (${number((100 * found.having) / found.households, 1)} %)`]);
        lines.push([T("households_losing"), number(found.losing)]);
      }
    });
    return lines;
  }
  function unitBox(name) {
    return element("div", { class: "popup" }, element("strong", { dir: "auto" }, short(name, 200)),
      element("table", {}, element("tbody", {}, ...unitLines(name).map(([label, value]) =>
        value == null ? element("tr", {}, element("th", { colspan: "2", dir: "auto" }, label))
          : element("tr", {}, element("td", {}, label), element("td", { class: "n" }, value))))));
  }
  function showUnits() {
    units?.remove();
    units = null;
    if (!$("c-units").checked || !runs[0].outlines) return;
    const style = { color: "#333", weight: 1, opacity: 0.7, fillOpacity: 0, dashArray: "3 3" };
    // A pale line under the dark one shows on pale and on dark layers.
    const casing = L.geoJSON(runs[0].outlines, { interactive: false, style: { color: "#fff", weight: 3, opacity: 0.55, fill: false } });
    const outlines = L.geoJSON(runs[0].outlines, {
      style: () => style,
      onEachFeature: (feature, layer) => {
        const name = feature.properties.unit;
        layer.bindTooltip(() => unitBox(name), { sticky: true, className: "unit-tip" });
        layer.on("mouseover", () => layer.setStyle({ weight: 3, dashArray: null }));
        layer.on("mouseout", () => layer.setStyle(style));
      },
    });
    units = L.layerGroup([casing, outlines]).addTo(map);
  }

  // ---- explanation of a location ------------------------------------------------------------------
  function pixel(run, latlng) {
    const [[south, west], [north, east]] = run.bounds, [height, width] = run.size;
    const y = (lat) => Math.asinh(Math.tan((lat * Math.PI) / 180));
    const col = Math.floor(((latlng.lng - west) / (east - west)) * width);
    const row = Math.floor(((y(north) - y(latlng.lat)) / (y(north) - y(south))) * height);
    return col >= 0 && col < width && row >= 0 && row < height ? row * width + col : -1;
  }
  async function cellAt(run, latlng) {
    const at = pixel(run, latlng);
    if (at < 0) return -1;
    const [row, col] = await Promise.all([array(run.row), array(run.col)]);
    return row[at] === 65535 ? -1 : row[at] * run.shape[1] + col[at];
  }

  async function explain(latlng) {
    pin?.remove();
    pin = L.marker(latlng, { interactive: false, keyboard: false, icon: L.divIcon({ className: "pin", html: element("span", {}, "+"), iconSize: [24, 24] }) }).addTo(map);
    const box = $("explanation");
    const parts = [element("h3", {}, T("at", { lat: number(latlng.lat, 4), lon: number(latlng.lng, 4) }))];
    for (const run of runs) parts.push(...(await explained(run, latlng)));
    box.replaceChildren(...parts);
    box.dataset.at = `${latlng.lat.toFixed(4)} ${latlng.lng.toFixed(4)}`;
  }

  async function explained(run, latlng) {
    const parts = both ? [element("h4", { dir: "auto" }, run.label)] : [];
    const phase = phaseOf(run), cell = await cellAt(run, latlng);
    if (cell < 0) return [...parts, element("p", {}, T("outside"))];
    if (!phase) return [...parts, element("p", {}, T("no_phase"))];
    const [persons, unit, zone] = await Promise.all([array(run.persons), array(run.unit), array(run.zone)]);
    const where = [];
    if (unit && unit[cell] >= 0) where.push(run.units[unit[cell]]);
    if (zone) where.push(T(zone[cell] === 1 ? "sea" : "land"));
    if (persons) where.push(T("people_here", { n: number(persons[cell] / 10, persons[cell] > 0 && persons[cell] < 100 ? 1 : 0) }));
    parts.push(element("p", { dir: "auto" }, where.join(" · ")));
    const rows = await Promise.all(phase.services.map((s) => serviceRow(run, s, cell, latlng)));
    const head = ["service", "reception", "margin", "cause_of", "best_station", "level"].map((k) => element("th", { scope: "col" }, T(k)));
    const title = phase.date ? `${phase.title}, ${phase.date}` : phase.title;
    parts.push(element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": T("services_here") },
      element("table", { class: "explained" }, element("caption", { dir: "auto" }, short(title, 120)),
        element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows))));
    parts.push(await levels(run, phase, cell, latlng));
    return parts;
  }

  async function serviceRow(run, s, cell, latlng) {
    const [served, margin, cause, culprit, best] = await Promise.all([s.served, s.margin, s.cause, s.culprit, s.best].map(array));
    const level = served?.[cell];
    const reception = level == null || level === 255 ? "–" : level === 0 ? T("not_served") : s.qualities[level - 1];
    const names = ["served", "no data", "noise", "self-interference", "interference"];
    let why = cause ? term("cause", names[cause[cell]] ?? "no data") : "–";
    if (cause?.[cell] === 0) why = "–";
    if (culprit && culprit[cell] >= 0 && cause?.[cell] > 2) why = T("by_station", { cause: why, station: stationText(run, culprit[cell], latlng) });
    const has = best && best[cell] >= 0;
    const e = has ? await array(run.stations[run.station_ids[best[cell]]]?.field) : null;
    return element("tr", {}, element("th", { scope: "row", dir: "auto" }, short(s.title, 60)),
      element("td", { class: "level-" + (level ?? "x") }, reception),
      element("td", { class: "n" }, margin && margin[cell] !== -32768 ? `${number(margin[cell] / 10, 1)} dB` : "–"),
      element("td", { dir: "auto" }, why),
      element("td", { dir: "auto" }, has ? stationText(run, best[cell], latlng) : "–"),
      element("td", { class: "n" }, e && e[cell] !== -32768 ? `${number(e[cell] / 10, 1)} dB(µV/m)` : "–"));
  }

  function stationText(run, k, latlng) {
    const id = run.station_ids[k], s = run.stations[id];
    if (s.lat == null) return short(id, 40);
    const km = map.distance(latlng, [s.lat, s.lon]) / 1000;
    return `${short(s.site, 40)} (${short(id, 40)}), ${number(km, 1)} km`;
  }

  async function levels(run, phase, cell, latlng) {
    const found = [];
    for (const id of phase.on_air) {
      const e = await array(run.stations[id]?.field);
      if (e && e[cell] !== -32768) found.push([id, e[cell] / 10]);
    }
    if (!found.length) return null;
    found.sort((a, b) => b[1] - a[1]);
    const rows = found.slice(0, 12).map(([id, e]) => element("tr", {},
      element("th", { scope: "row", dir: "auto" }, stationText(run, run.station_ids.indexOf(id), latlng)),
      element("td", { dir: "auto" }, short(titleOf(run.stations[id].service), 50)),
      element("td", { class: "n" }, `${number(run.stations[id].mhz)} MHz`),
      element("td", { class: "n" }, `${number(e, 1)} dB(µV/m)`)));
    const head = ["station", "service", "frequency", "level"].map((k) => element("th", { scope: "col" }, T(k)));
    return element("details", {}, element("summary", {}, T("levels", { n: number(rows.length) })),
      element("div", { class: "scroll" }, element("table", { class: "explained" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows))));
  }

  // ---- charts -------------------------------------------------------------------------------------
  // Plain, and hatched where plain ones would look alike in grey.
  const HATCHES = [["#8c2d5a", "M0 8L8 0"], ["#c9b458", "M0 4H8"], ["#6e7f8d", "M4 0V8"], ["#5f9e6e", "M0 8L8 0M0 0L8 8"], ["#d98ba5", "M0 0L8 8"]];
  const BARS = ["#0b3c6f", "#e8871e", "#9cc3dd", ...HATCHES.map((_, k) => `url(#hatch-${k})`)];
  function svg(name, attributes, ...children) {
    const e = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
    e.append(...children);
    return e;
  }
  document.body.append(svg("svg", { width: 0, height: 0, class: "off", "aria-hidden": "true" }, svg("defs", {}, ...HATCHES.map(([colour, path], k) =>
    svg("pattern", { id: `hatch-${k}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
      svg("rect", { width: 8, height: 8, fill: colour }), svg("path", { d: path, stroke: "#fff", "stroke-width": 1.6, fill: "none" }))))));
  const titles = new Map();
  runs.forEach((run) => run.phases.forEach((p) => titles.has(p.id) || titles.set(p.id, `${short(p.title, 30)}\n${p.date ?? ""}`)));
  const phaseOrder = [...titles.keys()];
  let printing = false;
  const isNarrow = () => !printing && innerWidth < 700;
  const phaseAxis = () => ({
    label: null, domain: phaseOrder, tickFormat: (id) => titles.get(id) ?? short(id), tickRotate: 0,
    type: "band", padding: 0.25,
  });

  function plot(id, options, label) {
    const figure = $(id);
    figure.hidden = false;
    const box = figure.querySelector(".plot");
    const made = Plot.plot({
      width: printing ? PRINT.width : Math.max(320, Math.min(1150, figure.clientWidth || 900)), style: { fontFamily: "inherit", fontSize: "13px", background: "white", color: "#111", overflow: "visible" },
      ariaLabel: label ?? figure.querySelector("figcaption").textContent, ...options,
    });
    box.replaceChildren(made);
    return made;
  }
  // Over few pixels phases stand below each other, so that their names stay legible.
  function byPhase(wide, narrow) {
    return isNarrow() ? narrow : wide;
  }
  const sideways = () => ({ marginLeft: 126, marginRight: both ? 72 : 56, marginBottom: 45 });
  const wrapped = (n) => (id) => (titles.get(id) ?? id).split("\n").flatMap((line) => wrap(line, isNarrow() ? 15 : Math.max(9, Math.floor((printing ? 84 : 120) / n)))).join("\n");
  function wrap(text, n) {
    const lines = [""];
    for (const word of text.split(" ")) {
      const last = lines[lines.length - 1];
      if (last && (last + " " + word).length > n) lines.push(word);
      else lines[lines.length - 1] = last ? last + " " + word : word;
    }
    return lines.map((line) => short(line, n + 4));
  }

  function chartReceiving() {
    const series = D.charts[0].receiving;
    if (!series.length || !$("chart-receiving")) return;
    const select = $("chart-receiving").querySelector("select");
    if (!select.options.length) {
      series.forEach((s) => option(select, s.item, s.title));
      select.addEventListener("change", chartReceiving);
    }
    const item = select.value || series[0].item;
    const points = D.charts.flatMap((c, k) => (c.receiving.find((s) => s.item === item)?.points ?? []).map((p) => ({ ...p, run: runs[k].label, k })));
    const isShare = series.find((s) => s.item === item)?.unit === "%";
    const shift = (d) => (both ? (d.k ? 7 : -7) : 0);
    const groups = [0, 1].slice(0, runs.length);
    const marks = groups.flatMap((k) => {
      const own = points.filter((p) => p.k === k), colour = k ? "#e8871e" : "#0b3c6f";
      const d = shift({ k });
      const text = (p) => number(p.value, isShare ? 1 : 0);
      return byPhase([
        Plot.areaY(own.filter((p) => p.low != null), { x: "phase", y1: "low", y2: "high", fill: colour, fillOpacity: 0.14, dx: d }),
        Plot.ruleX(own.filter((p) => p.low != null), { x: "phase", y1: "low", y2: "high", stroke: colour, strokeWidth: 2, dx: d }),
        Plot.lineY(own, { x: "phase", y: "value", stroke: colour, strokeWidth: 2, strokeDasharray: k ? "6 4" : null, dx: d }),
        Plot.dot(own, { x: "phase", y: "value", fill: colour, r: 5, symbol: k ? "square" : "circle", dx: d, title: (p) => `${p.run}: ${text(p)} (${number(p.low, isShare ? 1 : 0)} – ${number(p.high, isShare ? 1 : 0)})` }),
        both ? null : Plot.text(own, { x: "phase", y: "high", text, dy: -10, fill: "#111" }),
      ], [
        Plot.ruleY(own.filter((p) => p.low != null), { y: "phase", x1: "low", x2: "high", stroke: colour, strokeWidth: 3, dy: d }),
        Plot.dot(own, { y: "phase", x: "value", fill: colour, r: 5, symbol: k ? "square" : "circle", dy: d }),
        both ? null : Plot.text(own, { y: "phase", x: "value", text, dy: -12, fill: "#111" }),
      ]);
    });
    const scale = { label: isShare ? "%" : T("households"), grid: true, tickFormat: (v) => number(v), zero: true, nice: true };
    const phase = { ...phaseAxis(), tickFormat: wrapped(phaseOrder.length) };
    plot("chart-receiving", {
      ...byPhase({ x: phase, y: scale, marginLeft: 70, marginBottom: 68, height: 360 }, { y: phase, x: { ...scale, ticks: 2 }, ...sideways(), height: 70 * phaseOrder.length + 75 }),
      marks,
    });
    key("chart-receiving", both ? runs.map((r, k) => [k ? "#e8871e" : "#0b3c6f", r.label]) : []);
  }

  function key(id, entries) {
    const figure = $(id);
    figure.querySelector(".key")?.remove();
    if (!entries.length) return;
    figure.append(element("p", { class: "key legend" }, ...entries.map(([colour, text]) => {
      const sample = svg("svg", { class: "swatch", "aria-hidden": "true" }, svg("rect", { width: "100%", height: "100%", fill: colour }));
      return element("span", { class: "entry", dir: "auto" }, sample, short(text, 80));
    })));
  }

  function stacked(id, name, value, kind, format, label) {
    const rows = D.charts.flatMap((c, k) => c[name].map((r) => ({ ...r, run: runs[k].label })));
    if (!rows.length) return;
    const kinds = [...new Set(rows.map((r) => r[kind]))];
    const colour = (r) => BARS[kinds.indexOf(r[kind]) % BARS.length];
    const total = new Map();
    rows.forEach((r) => total.set(r.phase + "\n" + r.run, (total.get(r.phase + "\n" + r.run) ?? 0) + r[value]));
    const totals = [...total].map(([k, n]) => ({ phase: k.split("\n")[0], run: k.slice(k.indexOf("\n") + 1), n }));
    const tip = (r) => `${r.run}: ${r[kind]}: ${format(r[value])}`;
    const scale = { label, grid: true, tickFormat: format, nice: true };
    const own = phaseOrder.filter((p) => rows.some((r) => r.phase === p));
    const phase = { ...phaseAxis(), tickFormat: wrapped(own.length), domain: own };
    const facet = both ? { label: null, domain: runs.map((r) => r.label), tickFormat: (t) => short(t, isNarrow() ? 9 : 16) } : undefined;
    const f = both ? { fy: "run" } : {};
    plot(id, {
      ...byPhase(
        { x: phase, y: scale, marginLeft: 80, marginBottom: 68, height: both ? 520 : 340, fy: facet, marginRight: both ? 110 : 20 },
        { y: phase, x: { ...scale, ticks: 3 }, fy: facet, ...sideways(), height: (both ? 2 : 1) * 60 * phase.domain.length + 85 },
      ),
      marks: byPhase([
        Plot.barY(rows, { x: "phase", y: value, fill: colour, stroke: "white", title: tip, ...f }),
        Plot.text(totals, { x: "phase", y: "n", text: (t) => format(t.n), dy: -8, fill: "#111", ...f }), Plot.ruleY([0]),
      ], [
        Plot.barX(rows, { y: "phase", x: value, fill: colour, stroke: "white", title: tip, ...f }),
        Plot.text(totals, { y: "phase", x: "n", text: (t) => format(t.n), dx: 4, textAnchor: "start", fill: "#111", ...f }), Plot.ruleX([0]),
      ]),
    });
    key(id, kinds.map((k, i) => [BARS[i % BARS.length], k]));
  }

  function chartFairness() {
    const rows = D.charts[0].fairness.map((r) => ({ ...r, unit: r.unit }));
    if (!rows.length || !$("chart-fairness")) return;
    const other = new Map((D.charts[1]?.fairness ?? []).map((r) => [r.unit, r.last]));
    const domain = rows.map((r) => r.unit);
    plot("chart-fairness", {
      x: { label: T("share_receiving"), grid: true, domain: [Math.min(...rows.map((r) => r.least), ...other.values()) < 50 ? 0 : 50, 100], tickFormat: (v) => `${number(v)} %` },
      y: { label: null, domain, tickFormat: (t) => short(t, isNarrow() ? 14 : 28), type: "band" },
      marginLeft: isNarrow() ? 110 : 200, height: 26 * rows.length + 75, marginRight: 50, marginBottom: 45,
      marks: [
        Plot.ruleY(rows, { y: "unit", x1: "least", x2: (r) => Math.max(r.first, r.last), stroke: "#bbb", strokeWidth: 2 }),
        Plot.dot(rows, { y: "unit", x: "first", stroke: "#444", fill: "white", r: 5, title: (r) => `${T("at_first")}: ${number(r.first, 1)} %` }),
        Plot.tickX(rows, { y: "unit", x: "least", stroke: "#111", strokeWidth: 3, title: (r) => `${T("at_least")}: ${number(r.least, 1)} %` }),
        Plot.dot(rows, { y: "unit", x: "last", fill: "#0b3c6f", r: 5, title: (r) => `${T("at_last")}: ${number(r.last, 1)} %` }),
        both ? Plot.dot(rows.filter((r) => other.has(r.unit)), { y: "unit", x: (r) => other.get(r.unit), fill: "#e8871e", symbol: "square", r: 4 }) : null,
      ],
    });
    const marks = [["○", T("at_first")], ["▏", T("at_least")], ["●", both ? `${T("at_last")} (${runs[0].label})` : T("at_last")]];
    if (both) marks.push(["■", `${T("at_last")} (${runs[1].label})`]);
    const figure = $("chart-fairness");
    figure.querySelector(".key")?.remove();
    figure.append(element("p", { class: "key legend" }, ...marks.map(([sign, text], k) => element("span", { class: "entry" }, element("b", { class: "sign-" + k }, sign + " "), text))));
  }

  // Money in one unit along an axis: the largest sum chooses it.
  function inUnits(amounts) {
    const most = Math.max(0, ...amounts.map(Math.abs));
    const [scale, name] = most >= 2e9 ? [1e9, T("e9")] : most >= 2e6 ? [1e6, T("e6")] : [1, ""];
    const unit = [name, short(D.currency, 12)].filter(Boolean).join(" ");
    return { format: (v) => number(v / scale, scale > 1 && v !== 0 ? 1 : 0), label: `${T("money")} [${unit}]` };
  }

  function chartEach(format, label) {
    if (!D.each.length) return;
    const rows = D.each.map((r) => ({ ...r, text: short(r.item, isNarrow() ? 18 : 32) }));
    plot("chart-each", {
      x: { label, grid: true, tickFormat: format, ticks: isNarrow() ? 2 : 6 }, y: { label: null, domain: rows.map((r) => r.text) },
      marginLeft: isNarrow() ? 130 : 220, marginRight: 90, marginBottom: 45, height: 28 * rows.length + 75,
      marks: [
        Plot.barX(rows, { y: "text", x: "each", fill: (r) => (r.gained ? "#0b3c6f" : "#e8871e") }),
        Plot.text(rows, { y: "text", x: "each", text: (r) => format(r.each), dx: 4, textAnchor: "start", fill: "#111" }), Plot.ruleX([0]),
      ],
    });
    const told = [["#0b3c6f", T("each_gained"), true], ["#e8871e", T("each_lost"), false]];
    key("chart-each", told.filter(([, , gained]) => rows.some((r) => r.gained === gained)));
  }

  function charts() {
    chartReceiving();
    stacked("chart-losses", "losses", "households", "cause", (v) => number(v), T("households"));
    const costs = inUnits(D.charts.flatMap((c) => c.costs.map((r) => r.amount)));
    stacked("chart-costs", "costs", "amount", "kind", costs.format, costs.label);
    chartFairness();
    const each = inUnits(D.each.map((r) => r.each));
    chartEach(each.format, each.label);
  }

  // ---- tables -------------------------------------------------------------------------------------
  const collator = new Intl.Collator(D.lang, { numeric: true });
  function compared(a, b) {
    if (a === "" || b === "") return a === b ? 0 : a === "" ? 1 : -1;
    const [x, y] = [Number(a), Number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? collator.compare(a, b) : x - y;
  }
  const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = (rows) => rows.map((row) => row.map(quoted).join(",")).join("\n") + "\n";

  async function copy(button, text) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = element("textarea", { class: "off", "aria-hidden": "true" });
      area.value = text;
      document.body.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
    }
    document.body.dataset.copied = text;
    const before = button.textContent;
    button.textContent = T(done ? "copied" : "not_copied");
    setTimeout(() => { button.textContent = before; }, 2000);
  }

  function sortable(table, onSort) {
    table.querySelectorAll("thead th").forEach((th, column) => {
      const button = element("button", { type: "button", class: "sort", title: T("sort") }, ...th.childNodes);
      th.replaceChildren(button);
      button.addEventListener("click", () => {
        const way = th.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
        table.querySelectorAll("th[aria-sort]").forEach((other) => other.removeAttribute("aria-sort"));
        th.setAttribute("aria-sort", way);
        onSort(column, way === "ascending" ? 1 : -1);
      });
    });
  }
  function staticTable(table) {
    const body = table.tBodies[0];
    const value = (row, k) => row.cells[k].dataset.v ?? row.cells[k].textContent;
    sortable(table, (column, sign) => {
      body.append(...[...body.rows].sort((a, b) => {
        const [x, y] = [value(a, column), value(b, column)];
        return x === "" || y === "" ? compared(x, y) : sign * compared(x, y);
      }));
    });
    const button = document.querySelector(`button.copy[data-table="${CSS.escape(table.id)}"]`);
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => {
      const head = [...table.tHead.rows[0].cells].map((th) => th.textContent);
      copy(button, csv([head, ...[...body.rows].map((row) => [...row.cells].map((_, k) => value(row, k)))]));
    });
  }

  function parsed(text) {
    const rows = [];
    let row = [], cell = "", quotes = false;
    for (let k = 0; k < text.length; k++) {
      const c = text[k];
      if (quotes) {
        if (c === '"' && text[k + 1] === '"') { cell += '"'; k++; }
        else if (c === '"') quotes = false;
        else cell += c;
      } else if (c === '"') quotes = true;
      else if (c === ",") { row.push(cell); cell = ""; }
      else if (c === "\n") { row.push(cell); rows.push(row); row = []; cell = ""; }
      else cell += c;
    }
    return rows;
  }

  function lazyTable(told) {
    const details = element("details", { class: "lazy", id: "file-" + told.name }, element("summary", {}, `${told.title} `, element("small", {}, T("rows_in", { n: number(told.n), file: told.name + ".csv" }))));
    details.addEventListener("toggle", () => details.open && details.childElementCount === 1 && openTable(details, told), { once: false });
    $("lazy").append(details);
  }
  async function openTable(details, told) {
    const PAGE = 100;
    const [header, ...all] = parsed(await array(told.blob));
    let rows = all, shown = PAGE;
    const filter = element("input", { type: "search", placeholder: T("filter"), "aria-label": T("filter") });
    const copyButton = element("button", { type: "button", class: "copy" }, T("copy"));
    const more = element("button", { type: "button" }, T("more"));
    const count = element("span", { class: "note", "aria-live": "polite" });
    const phases = Object.fromEntries(runs[0].phases.map((p) => [p.id, p.title]));
    const words = header.map((h) => (h === "phase" ? phases : D.terms[h] ?? {}));
    // What is the same in every row is said once.
    const isSame = header.map((h, k) => ["unit_vintage", "terrain", "population"].includes(h) && all.length > 1 && all.every((row) => row[k] === all[0][k]));
    const seen = header.map((_, k) => k).filter((k) => !isSame[k]);
    const same = header.map((_, k) => k).filter((k) => isSame[k] && all[0][k]).map((k) => `${told.labels[k]}: ${all[0][k]}`);
    const body = element("tbody");
    const table = element("table", { class: "sortable" }, element("thead", {}, element("tr", {}, ...seen.map((k) => element("th", { scope: "col", title: header[k] }, told.labels[k])))), body);
    const draw = () => {
      body.replaceChildren(...rows.slice(0, shown).map((row) => element("tr", {}, ...seen.map((k) => {
        const v = row[k];
        const isNumber = v !== "" && /^-?[\d.]+(e[+-]?\d+)?$/i.test(v);
        const text = isNumber ? number(Number(v), (v.split(".")[1] ?? "").replace(/^0$/, "").length) : words[k][v] ?? v;
        return element("td", { class: isNumber ? "n" : /^\d{4}-\d\d-\d\d$/.test(v) ? "d" : "", dir: "auto" }, text);
      }))));
      more.hidden = rows.length <= shown;
      count.textContent = T("rows_shown", { shown: number(Math.min(shown, rows.length)), n: number(rows.length) });
    };
    filter.addEventListener("input", () => {
      const wanted = filter.value.toLocaleLowerCase(D.lang).split(/\s+/).filter(Boolean);
      rows = all.filter((row) => {
        const text = row.map((v, k) => `${v} ${words[k][v] ?? ""}`).join(" ").toLocaleLowerCase(D.lang);
        return wanted.every((w) => text.includes(w));
      });
      shown = PAGE;
      draw();
    });
    more.addEventListener("click", () => { shown += 5 * PAGE; draw(); });
    copyButton.addEventListener("click", () => copy(copyButton, csv([header, ...rows])));
    sortable(table, (shownColumn, sign) => {
      const column = seen[shownColumn];
      rows = [...rows].sort((a, b) => (a[column] === "" || b[column] === "" ? compared(a[column], b[column]) : sign * compared(a[column], b[column])));
      draw();
    });
    if (same.length) details.append(element("p", { class: "note", dir: "auto" }, same.join("; ")));
    details.append(element("p", { class: "buttons" }, filter, " ", copyButton, " ", count),
      element("div", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": told.title }, table), element("p", {}, more));
    draw();
  }

  // ---- print: the map and the charts take the width of an A4 page ---------------------------------
  const PRINT = { width: 680, height: 420 };
  addEventListener("beforeprint", () => {
    printing = true;
    charts();
    if (!map) return;
    const [box, bounds] = [$("map"), map.getBounds()];
    box.style.width = `${PRINT.width}px`;
    box.style.height = `${PRINT.height}px`;
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(bounds, { animate: false });
  });
  addEventListener("afterprint", () => {
    printing = false;
    charts();
    if (!map) return;
    const bounds = map.getBounds();
    $("map").style.width = $("map").style.height = "";
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(bounds, { animate: false });
  });

  // ---- start --------------------------------------------------------------------------------------
  document.querySelectorAll("table.sortable").forEach(staticTable);
  D.tables.forEach(lazyTable);
  charts();
  let width = innerWidth;
  addEventListener("resize", () => { if (Math.abs(innerWidth - width) > 40) { width = innerWidth; charts(); } });
  if ($("map") && runs[0].phases.length) {
    if (typeof DecompressionStream === "undefined") {
      $("map-section").append(element("p", { class: "box" }, T("old_browser")));
    } else {
      startMap();
      controls();
      show();
    }
  }
  document.body.dataset.ready = "yes";
})();
