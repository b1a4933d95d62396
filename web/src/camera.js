// The camera, and in words why there is none.

const PROBLEMS = {
  NotAllowedError: "The camera was refused. Allow it for this page in the browser's settings (beside the address), then start it again.",
  NotFoundError: "No camera was found. Plug one in, or open a picture.",
  NotReadableError: "The camera is there but does not answer. Does another program use it?",
  OverconstrainedError: "The camera has no mode that this page can use. Open a picture.",
};

/** Return a playing video element of the camera, or throw an Error that says in words what is wrong. onEnd(): it was unplugged. */
export async function openCamera(onEnd) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Error("The browser gives no camera to this address: it wants https, or localhost. Open a picture.");
  }
  const wanted = { video: { facingMode: "user", width: { ideal: 640 }, height: { ideal: 480 } }, audio: false };
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia(wanted);
  } catch (error) {
    throw new Error(PROBLEMS[error.name] ?? `The camera could not be started: ${error.message || error.name}.`);
  }
  stream.getVideoTracks()[0].onended = onEnd;
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  return video;
}

/** Switch the camera of openCamera() off. */
export function closeCamera(video) {
  for (const track of video.srcObject.getTracks()) {
    track.onended = null;
    track.stop();
  }
  video.srcObject = null;
}
