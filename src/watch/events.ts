/**
 * Which events are reported: sersync's `<inotify>` switches, under their names there.
 *
 * They say what is *reported*. The watches follow every new, moved and removed directory whatever
 * the switches say.
 */
export interface EventSwitches {
  /** Files and directories removed. */
  readonly delete: boolean;
  /** Directories created. */
  readonly createFolder: boolean;
  /** Files created, before their content is complete. */
  readonly createFile: boolean;
  /** Content: a written file closed, a link or a special file created. */
  readonly closeWrite: boolean;
  /** Names moved away (for a move inside the root: the old name). */
  readonly moveFrom: boolean;
  /** Names moved in (for a move inside the root: the new name). */
  readonly moveTo: boolean;
  /** Mode, owner, times and extended attributes changed. */
  readonly attrib: boolean;
  /** Every write to an open file. */
  readonly modify: boolean;
}

/** What sersync's own default file switches on. */
export const defaultEvents: EventSwitches = {
  delete: true,
  createFolder: true,
  createFile: false,
  closeWrite: true,
  moveFrom: true,
  moveTo: true,
  attrib: false,
  modify: false,
};
