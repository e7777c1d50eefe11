"use strict";
const options = JSON.parse(document.getElementById("charts").textContent);
const drawn = Object.entries(options).map(([id, option]) => {
  const chart = echarts.init(document.getElementById(id), null, { renderer: "svg" });
  chart.setOption({ aria: { enabled: true, label: { enabled: false } }, textStyle: { fontFamily: "system-ui, sans-serif" }, ...option });
  return chart;
});
addEventListener("resize", () => drawn.forEach((chart) => chart.resize()));
addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize()));
