// What the networks said, on the page: boxes on the picture, and seven bars a face.

const LARGEST = 1280; // pixels of the shown picture's longest side
const SMALLEST = 640; // smaller ones are enlarged to this

const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

/** Return {name, probability} of the likeliest of a face's answers. */
export const likeliest = (face) => face.answers.reduce((best, one) => (one.probability > best.probability ? one : best));

/** Return one sentence on all faces, for the status line and a screen reader. */
export function sentence(faces) {
  if (faces.length === 0) return "No face was found. If the picture is a cut-out face, say so by the box above.";
  const said = faces.map((face, i) => {
    const { name, probability } = likeliest(face);
    return `${faces.length > 1 ? `${i + 1} ` : ""}${name}, ${percent(probability)}`;
  });
  return `${faces.length === 1 ? "One face" : `${faces.length} faces`}: ${said.join("; ")}.`;
}

/** Draw the picture, mirrored if wanted, with a numbered box around each face that is not all of it. */
export function drawPicture(canvas, bitmap, faces, mirrored) {
  const longest = Math.max(bitmap.width, bitmap.height);
  const scale = Math.min(LARGEST, Math.max(SMALLEST, longest)) / longest;
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.setTransform(mirrored ? -1 : 1, 0, 0, 1, mirrored ? width : 0, 0);
  context.clearRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  context.resetTransform();
  const unit = Math.max(width, height) / 640; // lines and letters of the same look at every size
  context.font = `600 ${18 * unit}px system-ui, sans-serif`;
  context.textBaseline = "top";
  const boxed = faces.filter(({ box }) => box.side < Math.max(bitmap.width, bitmap.height));
  boxed.forEach((face, i) => {
    const [top, side] = [face.box.y * scale, face.box.side * scale];
    const left = mirrored ? width - face.box.x * scale - side : face.box.x * scale;
    for (const [colour, line] of [["#000", 5], ["#ffd54a", 2.5]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: line * unit });
      context.strokeRect(left, top, side, side);
    }
    const text = `${i + 1} ${likeliest(face).name}`;
    const [length, line] = [context.measureText(text).width + 12 * unit, 24 * unit];
    const x = Math.max(0, Math.min(left, width - length));
    const y = top >= line ? top - line : Math.max(0, Math.min(top, height - line));
    context.fillStyle = "#ffd54a";
    context.fillRect(x, y, length, line);
    context.fillStyle = "#000";
    context.fillText(text, x + 6 * unit, y + 3 * unit);
  });
  const said = boxed.length === 1 ? ", with a box around the face" : `, with boxes around ${boxed.length} faces`;
  canvas.setAttribute("aria-label", `The picture${boxed.length ? said : ""}`);
}

/** Show the faces' bars in the list; cards that are there already are filled anew, so that bars move and the focus stays. */
export function showFaces(list, faces) {
  while (list.children.length > faces.length) list.lastElementChild.remove();
  while (list.children.length < faces.length) list.append(card(faces[0].answers));
  faces.forEach((face, i) => fill(list.children[i], face, faces.length > 1 ? `${i + 1}: ` : ""));
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function card(answers) {
  const rows = answers.map(({ name }) => {
    const track = element("div", { className: "track" }, element("div", { className: "bar" }));
    const head = element("th", { scope: "row", textContent: name });
    return element("tr", {}, head, element("td", {}, track), element("td", { className: "share" }));
  });
  const crop = element("canvas");
  crop.setAttribute("role", "img");
  crop.setAttribute("aria-label", "What the network sees: the face, gray and small");
  const table = element("table", {}, element("caption", { textContent: "Probability of each expression" }), element("tbody", {}, ...rows));
  return element("li", { className: "face" }, element("h3"), crop, table);
}

function fill(item, face, number) {
  const best = likeliest(face);
  item.querySelector("h3").textContent = `${number}${best.name}`;
  item.dataset.box = `${face.box.x} ${face.box.y} ${face.box.side}`;
  const crop = item.querySelector("canvas");
  Object.assign(crop, { width: face.side, height: face.side });
  const rgba = new Uint8ClampedArray(face.crop.length * 4);
  face.crop.forEach((gray, i) => rgba.set([gray, gray, gray, 255], 4 * i));
  crop.getContext("2d").putImageData(new ImageData(rgba, face.side), 0, 0);
  item.querySelectorAll("tr").forEach((row, k) => {
    const { probability } = face.answers[k];
    row.classList.toggle("top", face.answers[k] === best);
    row.dataset.probability = probability; // as computed; the text is rounded
    row.querySelector(".bar").style.width = `${100 * probability}%`;
    row.querySelector(".share").textContent = percent(probability);
  });
}
