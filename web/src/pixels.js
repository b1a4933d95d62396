// Pictures as arrays of bytes: gray, cut, made smaller. The arithmetic is Pillow's, so that the network sees the very bytes that
// `python -m pipeline.predict` shows it (a browser's own scaling differs by browser).

/** Return Uint8Array (width * height) of gray values 0 to 255 of RGBA bytes: ITU-R 601 luma, as Pillow's convert("L"). */
export function toGray(rgba) {
  const gray = new Uint8Array(rgba.length / 4);
  for (let i = 0, j = 0; i < gray.length; i++, j += 4) {
    gray[i] = (rgba[j] * 19595 + rgba[j + 1] * 38470 + rgba[j + 2] * 7471 + 0x8000) >> 16;
  }
  return gray;
}

/**
 * Return the square {gray, side} of a picture {gray, width, height} in a box {x, y, side} of whole pixels, grown by `margin` of its side at
 * each of its four sides; beyond the picture's edge its pixels go on.
 */
export function square({ gray, width, height }, box, margin) {
  const extra = Math.round(margin * box.side);
  const side = box.side + 2 * extra;
  const inside = (value, length) => Math.min(Math.max(value, 0), length - 1);
  const columns = Array.from({ length: side }, (_, i) => inside(box.x - extra + i, width));
  const cut = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    const row = inside(box.y - extra + y, height) * width;
    for (let x = 0; x < side; x++) cut[y * side + x] = gray[row + columns[x]];
  }
  return { gray: cut, side };
}

/** Return the largest box {x, y, side} in the middle of a picture {width, height}. */
export function whole({ width, height }) {
  const side = Math.min(width, height);
  return { x: Math.floor((width - side) / 2), y: Math.floor((height - side) / 2), side };
}

const BITS = 22; // of a weight's fraction, as in Pillow's Resample.c

// For each of `size` outputs of a line of `length` values: the first value that it is made of, and the weights in 1/2**BITS.
function weightsOf(length, size) {
  const scale = length / size;
  const support = Math.max(scale, 1); // of the triangle filter (bilinear), which widens when a picture shrinks
  return Array.from({ length: size }, (_, out) => {
    const middle = (out + 0.5) * scale;
    const first = Math.max(Math.trunc(middle - support + 0.5), 0);
    const last = Math.min(Math.trunc(middle + support + 0.5), length);
    const raw = Array.from({ length: last - first }, (_, i) => Math.max(0, 1 - Math.abs((first + i - middle + 0.5) / support)));
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => Math.trunc(0.5 + (weight / sum) * 2 ** BITS)) };
  });
}

// Scale each of the lines of `length` values to `size` values, and turn the picture: lines become columns.
function scaledAndTurned(values, length, size) {
  const lines = values.length / length;
  const scaled = new Uint8Array(lines * size);
  weightsOf(length, size).forEach(({ first, weights }, out) => {
    for (let line = 0; line < lines; line++) {
      let sum = 1 << (BITS - 1); // half, to round
      for (let i = 0; i < weights.length; i++) sum += values[line * length + first + i] * weights[i];
      scaled[out * lines + line] = sum >> BITS;
    }
  });
  return scaled;
}

/** Return Uint8Array (size * size): a square {gray, side} at another size, as Pillow's resize(BILINEAR) makes it. */
export function resized({ gray, side }, size) {
  return side === size ? gray : scaledAndTurned(scaledAndTurned(gray, side, size), side, size);
}
