import { FormatError, StateError } from "../errors.ts";
import { readSafetensors, type SafetensorsContent, writeSafetensors } from "../formats/safetensors/safetensors.ts";

/** The last tensor of a checkpoint: the SHA-256 of every byte before it. */
const CHECKSUM = "sha256";
const CHECKSUM_BYTES = 32;

/** SHA-256 by the host's Web Crypto. @throws {StateError} on a page that is not served securely, where the host has none. */
export async function sha256(bytes: Uint8Array): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle)
    throw new StateError("Cannot compute SHA-256: this page has no Web Crypto. Serve it over https or from localhost.");
  return new Uint8Array(await subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}

/** A safetensors file that ends in its own checksum. */
export async function writeSealed({ metadata, tensors }: SafetensorsContent): Promise<Uint8Array> {
  const seal = { shape: [CHECKSUM_BYTES], data: new Uint8Array(CHECKSUM_BYTES) };
  const file = writeSafetensors({ metadata, tensors: new Map([...tensors, [CHECKSUM, seal]]) });
  const at = file.length - CHECKSUM_BYTES;
  file.set(await sha256(file.subarray(0, at)), at);
  return file;
}

/** @throws {FormatError} when the file does not end in the checksum of its bytes: it was cut short, or changed. */
export async function verifyChecksum(file: Uint8Array): Promise<void> {
  const at = file.length - CHECKSUM_BYTES;
  if (at < 0) throw new FormatError(`Cannot use a checkpoint of ${file.length} bytes: it was cut short.`);
  const computed = await sha256(file.subarray(0, at));
  if (!computed.every((byte, k) => byte === file[at + k])) {
    throw new FormatError(
      `Cannot use a checkpoint of ${file.length} bytes: its checksum does not fit, so it was cut short or changed since it was written.`,
    );
  }
}

/** Reads a sealed file without its checksum tensor. @throws {FormatError} when it is damaged. */
export async function readSealed(file: Uint8Array): Promise<SafetensorsContent> {
  await verifyChecksum(file);
  const { metadata, tensors } = readSafetensors(file);
  return { metadata, tensors: new Map([...tensors].filter(([name]) => name !== CHECKSUM)) };
}
