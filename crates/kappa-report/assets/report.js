"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const body = document.querySelector("#layers tbody");
  const rows = [...body.rows];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const number = (x) => (x === "inf" ? null : x);
  const tick = (x) => (x === null || x === undefined ? "" : Number(x).toPrecision(3).replace(/\.?0+(e|$)/, "$1"));

  // Steps of an axis that counts: there is no layer 1.25.
  const counts = [0, 1, 2, 3, 4, 5].flatMap((power) => [1, 2, 5].map((x) => x * 10 ** power));

  function chart(parent, title, xs, series, options) {
    const axis = (extra) => Object.assign({ stroke: css("--dim"), grid: { stroke: css("--line"), width: 1 },
      ticks: { stroke: css("--line"), width: 1 } }, extra);
    const plot = new uPlot({
      width: Math.max(280, parent.clientWidth), height: options.height || 240,
      scales: Object.assign({ x: { time: false, distr: options.logX ? 3 : 1 }, y: { distr: 3 } },
        options.energy ? { e: { range: [0, 1.02] } } : {}),
      axes: [axis(Object.assign({ label: options.xLabel, size: 46, labelSize: 18 },
        xs.every(Number.isInteger) && !options.logX ? { incrs: counts } : {})),
        axis({ size: 62, values: (_, all) => all.map((x) => (x === null ? "" : x.toExponential(0))) })]
        .concat(options.energy ? [axis({ scale: "e", side: 1, grid: { show: false }, size: 52,
          values: (_, all) => all.map((x) => Math.round(100 * x) + " %") })] : []),
      series: [{ label: options.xLabel, value: (_, x) => (options.xName ? options.xName(x) : tick(x)) }].concat(
        series.map((s) => ({ label: s.label, stroke: css(s.color), width: 1.5, scale: s.scale || "y",
          points: { show: xs.length < 80, size: 4 }, value: (_, x) => tick(x) }))),
      legend: { live: true },
    }, [xs].concat(series.map((s) => s.values)), parent);
    plot.root.setAttribute("role", "img");
    plot.root.setAttribute("aria-label", title);
    return plot;
  }

  // A logarithmic axis has no place for zero or infinity.
  const positive = (values) => values.map((x) => (x === null || !(x > 0) || !isFinite(x) ? null : x));

  const open = [];
  function depth() {
    if (data.layers.length < 2 || typeof uPlot === "undefined") return;
    document.getElementById("depth").hidden = false;
    const xs = data.layers.map((_, k) => k + 1);
    const of = (key) => positive(data.layers.map((l) => number(l[key])));
    const options = { xLabel: "layer", xName: (x) => (x ? data.layers[x - 1].name : "") };
    open.push(
      { parent: document.getElementById("norms"), draw: (p) => chart(p, "Norms across depth", xs, [
        { label: "Frobenius", values: of("frobenius"), color: "--one" },
        { label: "spectral", values: of("spectral"), color: "--two" },
        { label: "stable rank", values: of("stable_rank"), color: "--three" }], options) },
      { parent: document.getElementById("conds"), draw: (p) => chart(p, "Condition number across depth", xs, [
        { label: "condition", values: of("cond"), color: "--two" }], options) });
    open.forEach((c) => { c.plot = c.draw(c.parent); });
  }

  function toggle(row) {
    const button = row.querySelector("button.open");
    const next = row.nextElementSibling;
    if (next && next.classList.contains("detail")) {
      open.splice(open.findIndex((c) => c.row === next), 1);
      next.remove();
      button.setAttribute("aria-expanded", "false");
      return;
    }
    const layer = data.layers[Number(row.dataset.layer)];
    const detail = document.createElement("tr");
    detail.className = "detail";
    const cell = detail.insertCell();
    cell.colSpan = row.cells.length;
    row.after(detail);
    button.setAttribute("aria-expanded", "true");
    if (!layer.values.length) {
      cell.textContent = "There are no singular values to show.";
      return;
    }
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    caption.textContent = "Singular values of " + layer.name + ", and the energy that the largest of them hold";
    const parent = document.createElement("div");
    parent.style.maxWidth = "900px";
    figure.append(caption, parent);
    cell.append(figure);
    const draw = (p) => chart(p, caption.textContent, layer.index, [
      { label: "singular value", values: positive(layer.values), color: "--one" },
      { label: "energy", values: layer.energy, color: "--three", scale: "e" }],
      { xLabel: "number", logX: true, energy: true, height: 280 });
    open.push({ row: detail, parent, draw, plot: draw(parent) });
  }

  const closeAll = () => body.querySelectorAll("tr.detail").forEach((d) => toggle(d.previousElementSibling));

  function sort(head) {
    const at = head.cellIndex;
    const up = head.getAttribute("aria-sort") === (head.dataset.kind ? "ascending" : "descending")
      ? !head.dataset.kind : !!head.dataset.kind;
    head.parentElement.querySelectorAll("th").forEach((h) => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    closeAll();
    const key = (row) => {
      const cell = row.cells[at];
      if (head.dataset.kind) return cell.textContent;
      // A cell without a number comes last either way.
      return cell.dataset.value === "" ? null : cell.dataset.value === "inf" ? Infinity : Number(cell.dataset.value);
    };
    const compare = (a, b) => {
      const [x, y] = [key(a), key(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      const order = head.dataset.kind ? x.localeCompare(y, undefined, { numeric: true }) : x === y ? 0 : x < y ? -1 : 1;
      return up ? order : -order;
    };
    rows.sort((a, b) => compare(a, b) || a.dataset.layer - b.dataset.layer);
    body.append(...rows);
  }

  function filter() {
    const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const only = document.getElementById("only").checked;
    closeAll();
    let shown = 0;
    for (const row of rows) {
      const text = [0, 1, 2, 3, row.cells.length - 1].map((k) => row.cells[k].textContent).join(" ").toLowerCase();
      const fits = words.every((w) => text.includes(w)) && (!only || row.querySelector(".verdict") !== null);
      row.hidden = !fits;
      shown += fits;
    }
    document.getElementById("count").textContent = shown + " of " + rows.length;
  }

  document.querySelectorAll("#layers thead th").forEach((head) => {
    head.tabIndex = 0;
    head.addEventListener("click", () => sort(head));
    head.addEventListener("keydown", (e) => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); sort(head); } });
  });
  body.addEventListener("click", (e) => {
    const button = e.target.closest("button.open");
    if (button) toggle(button.closest("tr"));
  });
  document.getElementById("filter").addEventListener("input", filter);
  document.getElementById("only").addEventListener("change", filter);

  const redraw = () => open.forEach((c) => { c.plot.destroy(); c.plot = c.draw(c.parent); });
  let timer;
  window.addEventListener("resize", () => { clearTimeout(timer); timer = setTimeout(redraw, 150); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  filter();
  depth();
})();
