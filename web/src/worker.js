// Finds the faces of a picture and asks the network, away from the page's own thread, so that buttons answer while it computes.

import * as ort from "./vendor/ort.wasm.bundle.min.mjs";
import { boxesOf, planes, searchSize } from "./detector.js";
import { resized, square, toGray, whole } from "./pixels.js";

const settings = await (await fetch(new URL("settings.json", import.meta.url))).json();
let sessions; // a promise, once somebody asked

// Fetch the runtime and both networks, and tell the page how far they are.
async function load() {
  const total = Object.values(settings.files).reduce((sum, file) => sum + file.bytes, 0);
  let loaded = 0;
  const bytesOf = async ({ path, bytes }) => {
    const response = await fetch(new URL(path, import.meta.url));
    if (!response.ok) throw new Error(`${path}: the server answered ${response.status}`);
    const content = new Uint8Array(bytes);
    let at = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length <= bytes) content.set(value, at);
      at += value.length;
      loaded += value.length;
      self.postMessage({ loaded, total });
    }
    if (at !== bytes) throw new Error(`${path}: expected ${bytes} bytes, received ${at}; load the page again`);
    return content;
  };
  const { runtime, detector, network } = settings.files;
  const [wasm, ...models] = await Promise.all([runtime, detector, network].map(bytesOf));
  ort.env.wasm.wasmBinary = wasm.buffer;
  ort.env.wasm.numThreads = 1; // more would need headers that static hosts do not send
  const options = { executionProviders: ["wasm"], logSeverityLevel: 3 };
  const [finder, answerer] = [await ort.InferenceSession.create(models[0], options), await ort.InferenceSession.create(models[1], options)];
  return { finder, answerer };
}

// Return ImageData of a picture on white, at the given size.
function pixelsOf(bitmap, width, height) {
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}

async function facesIn(finder, bitmap, longest) {
  const { width, height } = searchSize(bitmap.width, bitmap.height, longest);
  const input = new ort.Tensor("float32", planes(pixelsOf(bitmap, width, height)), [1, 3, height, width]);
  const outputs = await finder.run({ [finder.inputNames[0]]: input });
  const [heat, size, offset] = finder.outputNames.map((name) => outputs[name].data);
  return boxesOf({ heat, size, offset }, { width, height }, bitmap, settings.detection);
}

async function answer(bitmap, isFace, longest) {
  const { finder, answerer } = await (sessions ??= load());
  const start = performance.now();
  const boxes = isFace ? [whole(bitmap)] : await facesIn(finder, bitmap, longest);
  const found = performance.now();
  const { side, classes } = settings;
  const picture = { gray: toGray(pixelsOf(bitmap, bitmap.width, bitmap.height)), width: bitmap.width, height: bitmap.height };
  const crops = boxes.map((box) => resized(square(picture, box, isFace ? 0 : settings.margin), side));
  const answers = await answersTo(answerer, crops, side, classes);
  const faces = boxes.map((box, i) => ({ box, crop: crops[i], side, answers: answers[i] }));
  return { faces, milliseconds: { find: found - start, answer: performance.now() - found } };
}

// Return, for each crop (side * side bytes), the probability {name, probability} of each class.
async function answersTo(answerer, crops, side, classes) {
  if (crops.length === 0) return [];
  const batch = new Uint8Array(crops.length * side * side);
  crops.forEach((crop, i) => batch.set(crop, i * side * side));
  const { probabilities } = await answerer.run({ faces: new ort.Tensor("uint8", batch, [crops.length, side, side]) });
  return crops.map((_, i) => classes.map((name, k) => ({ name, probability: probabilities.data[i * classes.length + k] })));
}

self.onmessage = async ({ data: { id, bitmap, isFace, longest } }) => {
  try {
    self.postMessage({ id, bitmap, ...(await answer(bitmap, isFace, longest)) }, [bitmap]);
  } catch (error) {
    self.postMessage({ id, problem: error.message });
  }
};
self.postMessage({ ready: true });
