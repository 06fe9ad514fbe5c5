// Draws the figures to explore, and shows the picture behind a point while the mouse is on it.
// Written with an AI coding assistant; see the report's section on automatic tools.
"use strict";
(function () {
  const thumbnail = document.createElement("div");
  thumbnail.className = "thumbnail";
  document.body.append(thumbnail);

  // layout.meta.sprite: {image, tile, columns}, where image is the id of the element with its data;
  // customdata of a point: its number there.
  let held = "";
  function show(sprite, number, event) {
    const size = 96, scale = size / sprite.tile;
    const column = number % sprite.columns, row = Math.floor(number / sprite.columns);
    if (held !== sprite.image) {
      const element = document.getElementById(sprite.image);
      thumbnail.style.backgroundImage = "url(" + (element ? element.textContent : sprite.image) + ")";
      held = sprite.image;
    }
    thumbnail.style.backgroundSize = sprite.columns * sprite.tile * scale + "px auto";
    thumbnail.style.backgroundPosition = -column * size + "px " + -row * size + "px";
    thumbnail.style.left = Math.min(event.clientX + 16, window.innerWidth - size - 8) + "px";
    thumbnail.style.top = Math.max(event.clientY - size - 16, 8) + "px";
    thumbnail.dataset.number = number;
    thumbnail.style.display = "block";
  }

  for (const home of document.querySelectorAll(".explore")) {
    const figure = JSON.parse(document.getElementById("data-" + home.dataset.of).textContent);
    const options = { responsive: true, displaylogo: false };
    Plotly.newPlot(home, figure.data, figure.layout, options).then(function () {
      const sprite = figure.layout.meta && figure.layout.meta.sprite;
      if (!sprite) return;
      home.on("plotly_hover", function (hover) {
        const point = hover.points[0];
        let number = point.customdata;
        if (Array.isArray(number)) number = number[0];
        if (Number.isInteger(number)) show(sprite, number, hover.event);
      });
      home.on("plotly_unhover", function () { thumbnail.style.display = "none"; });
    });
  }
})();
