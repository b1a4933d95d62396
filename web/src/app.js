// The page: where a picture comes from, and who is asked about it.

import { drawPicture, sentence, showFaces } from "./answers.js";
import { Asker } from "./asker.js";
import { closeCamera, openCamera } from "./camera.js";

const [fileInput, cameraButton, whole, status, progress, canvas, speed, none, list, drawings] = [
  "file", "camera", "whole", "status", "progress", "picture", "speed", "none", "faces", "drawings",
].map((id) => document.getElementById(id));

const settings = await (await fetch("settings.json")).json();
const SPOKEN = 3000; // milliseconds between two sentences on the camera's faces, so that a screen reader keeps up

let asker; // made at the first question
let shown; // the last picture, to ask again when the switch is turned
let video; // of the camera while it runs
let turn = 0; // of the last picture that somebody chose; answers to earlier ones are dropped

function say(text, problem = false) {
  if (status.textContent !== text) status.textContent = text;
  status.classList.toggle("problem", problem);
}

function onProgress(loaded, total) {
  progress.hidden = loaded === total;
  Object.assign(progress, { max: total, value: loaded });
  if (loaded < total) say("Loading the networks …");
}

// Ask about the bitmap of turn `mine` and show the answer, unless another picture was chosen meanwhile.
async function answer(mine, bitmap, isFace, longest, mirrored) {
  if (mine !== turn) {
    bitmap.close();
    return null;
  }
  asker ??= new Asker(onProgress);
  const { faces, milliseconds, bitmap: back } = await asker.ask(bitmap, isFace, longest);
  if (mine !== turn) {
    back.close();
    return null;
  }
  shown?.close();
  shown = back;
  drawPicture(canvas, shown, faces, mirrored);
  showFaces(list, faces);
  none.hidden = faces.length > 0;
  none.textContent = "No face was found.";
  return { faces, milliseconds };
}

// The networks did not load or did not answer: the next picture begins anew.
function giveUp(error) {
  asker?.close();
  asker = undefined;
  progress.hidden = true;
  say(`That did not work: ${error.message}`, true);
}

async function answerPicture(mine, bitmap, isFace = whole.checked) {
  try {
    const said = await answer(mine, bitmap, isFace, settings.detection.longest, false);
    if (!said) return;
    const { find, answer: ask } = said.milliseconds;
    speed.textContent = `${Math.round(find)} ms to find the faces, ${Math.round(ask)} ms to answer.`;
    say(sentence(said.faces));
    canvas.scrollIntoView({ block: "nearest" }); // on a phone it lies below the screen
  } catch (error) {
    if (mine === turn) giveUp(error);
  }
}

// Return the ImageBitmap of a file: its pixels as they are, turned as its EXIF data say, made smaller where a browser's canvas may end.
async function readPicture(blob) {
  const asIs = { imageOrientation: "from-image", premultiplyAlpha: "none", colorSpaceConversion: "none" };
  const bitmap = await createImageBitmap(blob, asIs);
  const scale = settings.largest / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) return bitmap;
  const [resizeWidth, resizeHeight] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(side * scale)));
  return createImageBitmap(bitmap, { resizeWidth, resizeHeight, resizeQuality: "high" });
}

// Open a Blob, or the promise of one. The picture that was chosen last is shown, whichever is read first.
async function openPicture(blob, name, isFace) {
  stopCamera();
  const mine = ++turn;
  say("Looking …");
  let bitmap;
  try {
    bitmap = await readPicture(await blob);
  } catch {
    if (mine === turn) say(`${name} is no picture that this browser can read. PNG, JPEG, WebP, GIF and AVIF usually are.`, true);
    return;
  }
  await answerPicture(mine, bitmap, isFace);
}

function stopCamera(why) {
  if (!video) return;
  closeCamera(video);
  video = undefined;
  turn++;
  cameraButton.textContent = "Start the camera";
  speed.textContent = "";
  say(why ?? "The camera is off.", Boolean(why));
}

async function runCamera() {
  const mine = ++turn;
  say("Asking for the camera …");
  try {
    const opened = await openCamera(() => stopCamera("The camera was unplugged."));
    if (mine !== turn) return closeCamera(opened);
    video = opened;
  } catch (error) {
    if (mine === turn) say(error.message, true);
    return;
  }
  cameraButton.textContent = "Stop the camera";
  say("The camera is on.");
  let [spoken, perSecond, before] = [-SPOKEN, 0, performance.now()];
  try {
    while (mine === turn) {
      const said = await answer(mine, await createImageBitmap(video), whole.checked, settings.detection.longest_camera, true);
      if (!said) return;
      const now = performance.now();
      perSecond = perSecond ? 0.8 * perSecond + 0.2 * (1000 / (now - before)) : 1000 / (now - before);
      before = now;
      speed.textContent = `${perSecond.toFixed(1)} frames a second.`;
      if (spoken < 0) canvas.scrollIntoView({ block: "nearest" });
      if (now - spoken >= SPOKEN) {
        say(sentence(said.faces));
        spoken = now;
      }
      await new Promise(requestAnimationFrame); // also stops while the page is hidden
    }
  } catch (error) {
    if (mine !== turn) return;
    stopCamera();
    giveUp(error);
  }
}

fileInput.addEventListener("change", () => {
  const [file] = fileInput.files;
  if (file) openPicture(file, file.name);
  fileInput.value = ""; // so that the same file can be chosen again
});
cameraButton.addEventListener("click", () => (video ? stopCamera() : runCamera()));
whole.addEventListener("change", async () => {
  if (!shown || video) return;
  const mine = ++turn;
  say("Looking …");
  answerPicture(mine, await createImageBitmap(shown));
});
addEventListener("paste", ({ clipboardData }) => {
  const [file] = clipboardData.files;
  if (file) openPicture(file, "What was pasted");
});
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", ({ relatedTarget }) => relatedTarget ?? document.body.classList.remove("dragging"));
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  const [file] = event.dataTransfer.files;
  if (file) openPicture(file, file.name);
  else say("What was dropped is no file. Save the picture first, then drop the file.", true);
});

for (const { path, emotion } of settings.drawings) {
  const name = `The drawing of a face, meant as ${emotion}`;
  const button = Object.assign(document.createElement("button"), { type: "button" });
  button.append(Object.assign(new Image(48, 48), { src: path, alt: name }));
  button.addEventListener("click", () => openPicture(fetch(path).then((file) => file.blob()), name, true)); // few drawings are found
  const item = document.createElement("li");
  item.append(button);
  drawings.append(item);
}
const bytes = Object.values(settings.files).reduce((sum, file) => sum + file.bytes, 0);
document.getElementById("size").textContent = `${Math.round(bytes / 1e6)} MB`;
say("Ready.");
