(function () {
  "use strict";
  var root = document.documentElement;
  var config = { responsive: true, displaylogo: false, displayModeBar: false };
  var plots = document.querySelectorAll(".plot");
  var drawn = 0;
  root.setAttribute("data-figures", String(plots.length));
  root.setAttribute("data-drawn", "0");
  plots.forEach(function (place) {
    var figure = JSON.parse(document.getElementById(place.id + "-data").textContent);
    window.Plotly.newPlot(place, figure.data, figure.layout, config).then(function () {
      drawn += 1;
      root.setAttribute("data-drawn", String(drawn));
    });
  });
  function fit(width) {
    plots.forEach(function (place) {
      if (place.data) { window.Plotly.relayout(place, { width: width, autosize: width === null }); }
    });
  }
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details:not(.long)").forEach(function (part) { part.open = true; });
    fit(680);
  });
  window.addEventListener("afterprint", function () { fit(null); });
})();
