// While a slider is dragged, what is known at each of its stops is drawn here, in the browser: cursors, bars, words.
// Nothing is sent: Streamlit's own slider tells the server the level when it rests, and the server draws all anew.
// data: { slider, charts: { name: { at, labels, titles, bars: { trace, shares, words } } }, texts: { selector: [...] } },
// each list with one entry a stop; null where nothing is known at that stop.

const SVG = "http://www.w3.org/2000/svg";

function move(nodes, dx) {
  for (const node of nodes) node.setAttribute("transform", `translate(${dx},0)`);
}

// Into the text that is there: one put in its place would be unknown to whoever draws the page next.
function write(node, text) {
  const first = node && document.createTreeWalker(node, NodeFilter.SHOW_TEXT).nextNode();
  if (first) first.nodeValue !== text && (first.nodeValue = text);
  else if (node) node.textContent = text;
}

function cursor(figure, chart, stop) {
  const layout = figure._fullLayout, axis = layout.xaxis;
  const marks = layout.shapes.map((shape, i) => (shape.name === "cursor" ? i : -1)).filter((i) => i >= 0);
  if (!marks.length || chart.at[stop] === null) return;
  const dx = axis.d2p(chart.at[stop]) - axis.d2p(layout.shapes[marks[0]].x0);
  for (const i of marks) move(figure.querySelectorAll(`.shapelayer path[data-index="${i}"]`), dx);
  layout.annotations.forEach((note, i) => {
    if (note.name !== "cursor") return;
    const group = figure.querySelector(`.annotation[data-index="${i}"]`), text = group?.querySelector("text");
    if (!text) return;
    write(text, chart.labels[stop]);
    // The arrow stands on the line, the words on the side where there is room.
    const left = chart.labels[stop].startsWith("▾"), half = text.getBBox().width / 2 + 2;
    const place = axis._offset + axis.d2p(chart.at[stop]) + (left ? half - 8 : 8 - half);
    const box = /translate\(([-\d.]+)/.exec(text.parentNode.getAttribute("transform"));
    move([group], place - Number(box?.[1] ?? 0) - Number(text.getAttribute("x")));
  });
}

function bars(figure, chart, stop) {
  const { trace, shares, words } = chart.bars;
  const axis = figure._fullLayout.xaxis, wide = axis.d2p(100) - axis.d2p(0);
  const points = figure.querySelectorAll(`.xy .barlayer .trace:nth-child(${trace + 1}) .point`);
  if (points.length !== shares[stop].length) return;
  shares[stop].forEach((share, row) => {
    const path = points[row].querySelector("path"), text = points[row].querySelector("text");
    const end = (wide * share) / 1000;
    path.setAttribute("d", path.getAttribute("d").replace(/H[-\d.e]+/, `H${end.toFixed(2)}`));
    if (!text) return;
    write(text, words[stop][row]);
    const y = /,([-\d.]+)\)/.exec(text.getAttribute("transform"))?.[1];
    // 9 px a letter is about what the chart's font takes; words that do not fit the bar stand behind it.
    const inside = end > 9 * words[stop][row].length;
    text.style.textAnchor = "start";
    text.style.fill = inside ? "#000" : getComputedStyle(figure.querySelector(".gtitle")).fill;
    if (y) text.setAttribute("transform", `translate(${inside ? 3 : end + 4},${y})`);
  });
}

function title(figure, lines) {
  const text = figure.querySelector(".gtitle");
  if (!text || !lines) return;
  const old = [...text.querySelectorAll("tspan")];
  if (old.length === lines.length) return old.forEach((line, i) => write(line, lines[i]));
  const x = text.getAttribute("x"), y = text.getAttribute("y");
  text.replaceChildren(
    ...lines.map((line, i) => {
      const span = document.createElementNS(SVG, "tspan");
      for (const [name, value] of Object.entries({ class: "line", dy: `${1.3 * i}em`, x, y })) span.setAttribute(name, value);
      span.textContent = line;
      return span;
    })
  );
}

function show(data, stop) {
  for (const [name, chart] of Object.entries(data.charts)) {
    const figure = document.querySelector(`.st-key-chart_${name} .js-plotly-plot`);
    if (!figure?._fullLayout?.xaxis) continue;
    cursor(figure, chart, stop);
    if (chart.bars) bars(figure, chart, stop);
    if (chart.titles) title(figure, chart.titles[stop]);
  }
  for (const [selector, words] of Object.entries(data.texts)) {
    const node = document.querySelector(selector);
    if (node) write(node, words[stop] ?? "let go to measure");
  }
}

export default function ({ data, parentElement }) {
  const slider = () => document.querySelector(`.st-key-${data.slider} input[type="range"]`);
  let seen = slider()?.value, asked = 0;
  const look = () => {
    const now = slider()?.value;
    if (now === undefined || now === seen) return;
    seen = now;
    cancelAnimationFrame(asked);
    asked = requestAnimationFrame(() => {
      const began = performance.now();
      show(data, Number(now));
      window.dispatchEvent(new CustomEvent("followed", { detail: performance.now() - began }));
    });
  };
  const watch = new MutationObserver(look);
  const root = document.querySelector('[data-testid="stSidebar"]') ?? document.body;
  watch.observe(root, { subtree: true, attributes: true, attributeFilter: ["value", "aria-valuetext"] });
  return () => {
    watch.disconnect();
    cancelAnimationFrame(asked);
  };
}
