// Where the faces are: CenterFace, a network that gives for each cell of 4 x 4 pixels how likely a face has its middle there.

const STRIDE = 4; // pixels in a cell, either way
const MULTIPLE = 32; // of which its input's sides must be multiples

/** Return the {width, height} at which a picture is searched: its longest side at most `longest`, both multiples of 32. */
export function searchSize(width, height, longest) {
  const scale = Math.min(1, longest / Math.max(width, height));
  const side = (length) => Math.max(MULTIPLE, Math.ceil((length * scale) / MULTIPLE) * MULTIPLE);
  return { width: side(width), height: side(height) };
}

/** Return the network's input, Float32Array [3, height, width] from 0 to 255, of RGBA bytes. */
export function planes(rgba) {
  const n = rgba.length / 4;
  const input = new Float32Array(3 * n);
  for (let i = 0; i < n; i++) for (let c = 0; c < 3; c++) input[c * n + i] = rgba[4 * i + c];
  return input;
}

/**
 * Return the faces in a picture {width, height} as squares {x, y, side, score} of its whole pixels, from left to right.
 * The side is the height of the detector's box, which is narrower: so FER-2013's faces are cut.
 * outputs: heat [h, w], size [2, h, w] (height and width, as logarithms of cells), offset [2, h, w] (down and across, in cells), of the
 * searched size; threshold: of the heat map; overlap: the intersection over union from which two boxes are one face.
 */
export function boxesOf({ heat, size, offset }, searched, picture, { threshold, overlap }) {
  const [w, n] = [searched.width / STRIDE, (searched.width / STRIDE) * (searched.height / STRIDE)];
  const [across, down] = [picture.width / searched.width, picture.height / searched.height];
  const boxes = [];
  for (let i = 0; i < n; i++) {
    if (!(heat[i] > threshold)) continue;
    const [tall, wide] = [Math.exp(size[i]) * STRIDE * down, Math.exp(size[n + i]) * STRIDE * across];
    const x = ((i % w) + offset[n + i] + 0.5) * STRIDE * across;
    const y = (Math.floor(i / w) + offset[i] + 0.5) * STRIDE * down;
    boxes.push({ left: x - wide / 2, top: y - tall / 2, right: x + wide / 2, bottom: y + tall / 2, score: heat[i] });
  }
  boxes.sort((a, b) => b.score - a.score);
  const kept = [];
  for (const box of boxes) if (kept.every((other) => shared(box, other) < overlap)) kept.push(box);
  return kept.map(squareOf).sort((a, b) => a.x - b.x);
}

function squareOf({ left, top, right, bottom, score }) {
  const side = Math.max(1, Math.round(bottom - top));
  return { x: Math.round((left + right - side) / 2), y: Math.round((top + bottom - side) / 2), side, score };
}

// Intersection over union of two boxes.
function shared(a, b) {
  const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  if (wide <= 0 || tall <= 0) return 0;
  const area = (box) => (box.right - box.left) * (box.bottom - box.top);
  return (wide * tall) / (area(a) + area(b) - wide * tall);
}
