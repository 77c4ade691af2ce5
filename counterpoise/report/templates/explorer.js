"use strict";
// The threshold explorer: looks up counts in the page's own data and shows the figures that follow from them.
(() => {
  const part = (name) => document.getElementById(`explorer-${name}`);
  const root = document.getElementById("explorer");
  const data = JSON.parse(part("data").textContent);
  const [arms, slider, box, status] = ["arm", "slider", "threshold", "status"].map(part);
  const cells = [...root.querySelectorAll("[data-show]")].map((cell) => [cell, ...cell.dataset.show.split(" ")]);
  const digits = { precision: 3, recall: 3, f1: 3, alerts: 1, cost: 1 };
  const formats = [0, 1, 2, 3].map((count) => new Intl.NumberFormat("en", {
    minimumFractionDigits: count, maximumFractionDigits: count, roundingMode: "halfEven", useGrouping: count === 0,
  }));
  const share = (some, all) => (all > 0 ? some / all : 0);

  const arm = () => data.arms[Number(arms.value)];
  const price = (name) => {
    const value = part(name).valueAsNumber;
    return value >= 0 ? value : data.costs[name.replace("-", "_")];
  };

  function outcome(table, place) {
    const found = table.true_positives[place];
    const alarms = table.false_positives[place];
    const missed = table.positives - found;
    const lost = table.missed ? table.missed[place] : price("false-negative") * missed;
    const cost = price("false-positive") * alarms + lost;
    return {
      true_positives: found,
      false_negatives: missed,
      false_positives: alarms,
      true_negatives: table.rows - table.positives - alarms,
      precision: share(found, found + alarms),
      recall: share(found, table.positives),
      f1: share(2 * found, 2 * found + alarms + missed),
      alerts: (1000 * (found + alarms)) / table.rows,
      cost: (1000 * cost) / table.rows,
    };
  }

  function sentence(place, outcomes) {
    const said = ["validation", "test"].map((name) => {
      const { precision, recall } = outcomes[name];
      return `on ${name} precision ${formats[3].format(precision)}, recall ${formats[3].format(recall)}`;
    });
    const published = place === arm().published ? " (as published)" : "";
    return `Threshold ${arm().text[place]}${published}: ${said.join("; ")}.`;
  }

  function show(place, { aloud = true } = {}) {
    const outcomes = Object.fromEntries(["validation", "test"].map((name) => [name, outcome(arm()[name], place)]));
    for (const [cell, name, key] of cells) cell.textContent = formats[digits[key] ?? 0].format(outcomes[name][key]);
    const text = sentence(place, outcomes);
    slider.value = place;
    slider.setAttribute("aria-valuetext", text);
    box.value = arm().text[place];
    // Screen readers announce the slider itself, so the status line announces only other changes.
    status.setAttribute("aria-live", aloud ? "polite" : "off");
    status.textContent = text;
  }

  function nearest(wanted) {
    const distances = arm().threshold.map((value) => Math.abs(value - wanted));
    return distances.indexOf(Math.min(...distances));
  }

  function cheapest() {
    const costs = arm().threshold.map((_, place) => outcome(arm().validation, place).cost);
    return costs.lastIndexOf(Math.min(...costs));
  }

  function choose() {
    slider.max = arm().threshold.length - 1;
    show(arm().published);
  }

  arms.addEventListener("change", choose);
  slider.addEventListener("input", () => show(slider.valueAsNumber, { aloud: false }));
  box.addEventListener("change", () => show(Number.isNaN(box.valueAsNumber) ? slider.valueAsNumber : nearest(box.valueAsNumber)));
  part("published").addEventListener("click", () => show(arm().published));
  part("cheapest").addEventListener("click", () => show(cheapest()));
  for (const name of ["false-positive", "false-negative"]) {
    part(name).addEventListener("input", () => show(slider.valueAsNumber));
  }
  root.hidden = false;
  part("table").open = false;
  choose();
})();
