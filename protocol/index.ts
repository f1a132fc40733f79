export { type FailureCode, RsyncError, type RsyncErrorOptions } from "./errors.ts";
export type { CompressionName, TransferOptions } from "./options.ts";
export {
  asBytePath,
  type BytePath,
  baseName,
  displayPath,
  isWithin,
  joinPath,
  nativePath,
  parentPath,
  pathFromBytes,
  pathFromText,
  pathToBytes,
  rootPath,
} from "./path.ts";
