/** Uppy in the place of the app's own engine, with the drive's API behind its hooks. Bundled by upload.mjs. */
import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

async function call(method, path, body) {
  const answer = await fetch(`/api/uploads${path}`, {
    method,
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

window.sendWithUppy = (file) => {
  const uppy = new Uppy({ autoProceed: true });
  let partSize;
  uppy.use(AwsS3, {
    shouldUseMultipart: true,
    // The API says how large parts are when the upload is made, Uppy wants to know it before.
    getChunkSize: ({ size }) => {
      partSize = Math.max(8 * 1024 ** 2, Math.ceil(size / 9_000));
      return partSize;
    },
    async createMultipartUpload({ name, size }) {
      const upload = await call("POST", "", { file_name: name, size, fingerprint: "", again: true });
      if (upload.part_size !== partSize)
        throw new Error(`parts of ${upload.part_size}, not ${partSize} bytes`);
      return { uploadId: upload.video_id, key: upload.video_id };
    },
    async signPart(_, { uploadId, partNumber }) {
      const { urls } = await call("POST", `/${uploadId}/parts`, { numbers: [partNumber] });
      return { url: urls[0].url };
    },
    async listParts(_, { uploadId }) {
      const { parts } = await call("GET", `/${uploadId}`);
      return parts.map(({ number, size, etag }) => ({ PartNumber: number, Size: size, ETag: etag }));
    },
    async completeMultipartUpload(_, { uploadId }) {
      await call("POST", `/${uploadId}/complete`, {});
      return {};
    },
    abortMultipartUpload: (_, { uploadId }) => call("DELETE", `/${uploadId}`),
  });
  uppy.addFile({ name: file.name, type: file.type, data: file });
};
