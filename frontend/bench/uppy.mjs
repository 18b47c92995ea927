/** Uppy in the place of the app's own engine, with the drive's API as its Companion. Bundled by upload.mjs. */
import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

const COMPANION = "https://companion.invalid";
const askServer = window.fetch;

async function call(path, body) {
  const answer = await askServer(`/api/uploads${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** Each of the three questions that Uppy has for Companion while it sends is one to our API. */
async function answerOf(url, file, partSize) {
  const [id, last] = new URL(url).pathname.split("/").slice(3); // of /s3/multipart[/:id/(:part|complete)]
  if (!id) {
    const asked = { file_name: file.name, size: file.size, fingerprint: "", again: true };
    const { video_id, part_size } = await call("", asked);
    if (part_size !== partSize) throw new Error(`parts of ${part_size}, not ${partSize} bytes`);
    return { uploadId: video_id, key: video_id };
  }
  if (last === "complete") {
    await call(`/${id}/complete`, {});
    return { location: id, key: id };
  }
  const { urls } = await call(`/${id}/parts`, { numbers: [Number(last)] });
  return { url: urls[0].url };
}

window.sendWithUppy = (file) => {
  // The API says how large parts are when the upload is made, Uppy wants to know it before.
  const partSize = Math.max(8 * 1024 ** 2, Math.ceil(file.size / 9_000));
  window.fetch = async (url, options) =>
    String(url).startsWith(COMPANION)
      ? Response.json(await answerOf(url, file, partSize))
      : askServer(url, options);
  const uppy = new Uppy({ autoProceed: true });
  uppy.use(AwsS3, {
    companionEndpoint: COMPANION,
    shouldUseMultipart: true,
    getChunkSize: () => partSize,
  });
  uppy.addFile({ name: file.name, type: file.type, data: file });
};
