/**
 * The messages that travel beside the data (spec 1 §4.3, spec 2 §7.3). Tags that are missing here
 * are internal to a server and never legal on a socket.
 */
export const messageTags = {
  data: 0,
  errorTransfer: 1,
  info: 2,
  error: 3,
  warning: 4,
  ioError: 22,
  ioTimeout: 33,
  noop: 42,
  errorExit: 86,
  success: 100,
  deleted: 101,
  noSend: 102,
} as const;

/** The largest payload that a header can announce. */
export const longestFrame = 0xffffff;

/** Longer messages than this kill an rsync that receives them; we accept none either. */
export const longestMessage = 0xffff;

const tagBase = 7;

/**
 * The four bytes in front of every frame, as a little-endian number.
 *
 *     ll ll ll tt    length of the payload, tag + 7
 */
export function encodeFrameHeader(tag: number, length: number): number {
  return ((tagBase + tag) << 24) | length;
}

/** The tag and payload length in a frame header. */
export function decodeFrameHeader(header: number): {
  readonly tag: number;
  readonly length: number;
} {
  return { tag: (header >>> 24) - tagBase, length: header & longestFrame };
}
