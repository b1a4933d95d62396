// The page's side of the worker: one question at a time, an answer or an error to each.

/** Answers pictures. onProgress(loaded, total): bytes, while the networks load at the first question. */
export class Asker {
  #waiting = new Map();
  #ready;
  #worker;
  #count = 0;

  constructor(onProgress) {
    // A worker from a blob: URL is bound by the page's Content-Security-Policy; one from a file would only be by its server's headers.
    const source = `import ${JSON.stringify(new URL("worker.js", import.meta.url).href)};`;
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    this.#worker = new Worker(url, { type: "module" });
    this.#ready = new Promise((resolve, reject) => {
      this.#worker.onerror = () => reject(new Error("the page's worker did not start; is every file of the page there?"));
      this.#worker.onmessage = ({ data: { id, ready, loaded, total, problem, ...answer } }) => {
        if (ready) resolve();
        else if (id === undefined) onProgress(loaded, total);
        else {
          const [accept, refuse] = this.#waiting.get(id);
          this.#waiting.delete(id);
          if (problem) refuse(new Error(problem));
          else accept(answer);
        }
      };
    });
  }

  /**
   * Return a promise of {bitmap, faces, milliseconds}; the ImageBitmap goes to the worker and comes back in the answer.
   * isFace: the picture is one cut-out face; longest: pixels of the longest side at which faces are looked for.
   */
  async ask(bitmap, isFace, longest) {
    await this.#ready;
    const id = this.#count++;
    return new Promise((accept, refuse) => {
      this.#waiting.set(id, [accept, refuse]);
      this.#worker.postMessage({ id, bitmap, isFace, longest }, [bitmap]);
    });
  }

  /** End the worker; what was asked is never answered. */
  close() {
    this.#worker.terminate();
  }
}
