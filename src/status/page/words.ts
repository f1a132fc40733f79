/** Every word that the page shows, in both languages. */
const words = {
  en: {
    language: "中文",
    up: "up",
    backingOff: "backing off",
    halted: "deletions halted",
    allWell: "everything is delivered",
    pendingIn: (paths: string) => `${paths} pending`,
    trouble: (targets: number) => `${targets} in trouble`,
    lost: "no connection to sersync; trying again…",
    uptime: (text: string) => `running for ${text}`,
    watcherStates: {
      watching: "watching",
      starting: "starting",
      "source gone": "the watched directory is gone",
      closed: "stopped",
    } as Record<string, string>,
    directories: (count: string, backend: string) =>
      `${count} ${count === "1" ? "directory" : "directories"} watched by ${backend}`,
    overflows: (count: string) => `${count} overflows`,
    unwatched: (count: number) => `${count} trees without watches`,
    missingMounts: "mounts that have gone, of which nothing is deleted",
    pending: "pending",
    oldest: "oldest",
    lag: "lag p50 / p99",
    lagChart: "lag p99, ms",
    rate: "files/s",
    byteRate: "bytes/s",
    delivered: "delivered",
    inFlight: "in flight",
    failed: "refusals",
    nextTry: (seconds: string) => `next try in ${seconds}`,
    held: (count: string) => `${count} deletions are held back; sersync allow-deletions makes them`,
    comparing: (entries: string, bytes: string) =>
      `comparing the whole tree: ${entries} entries, ${bytes}`,
    compared: (time: string) => `last compared ${time}`,
    deliveries: "Last deliveries",
    failures: "Waiting for their next try",
    path: "path",
    kind: "kind",
    size: "size",
    took: "took",
    reason: "reason",
    attempts: "attempts",
  },
  zh: {
    language: "English",
    up: "正常",
    backingOff: "等待重试",
    halted: "删除已暂停",
    allWell: "全部送达",
    pendingIn: (paths: string) => `待送 ${paths}`,
    trouble: (targets: number) => `${targets} 个目标有问题`,
    lost: "与 sersync 的连接已断开，正在重连…",
    uptime: (text: string) => `已运行 ${text}`,
    watcherStates: {
      watching: "监控中",
      starting: "正在启动",
      "source gone": "被监控的目录不见了",
      closed: "已停止",
    } as Record<string, string>,
    directories: (count: string, backend: string) => `${backend} 监控 ${count} 个目录`,
    overflows: (count: string) => `队列溢出 ${count} 次`,
    unwatched: (count: number) => `${count} 个目录没有 watch`,
    missingMounts: "已消失的挂载点（其内容不会被删除）",
    pending: "待送",
    oldest: "最久等待",
    lag: "延迟 p50 / p99",
    lagChart: "延迟 p99（毫秒）",
    rate: "文件/秒",
    byteRate: "字节/秒",
    delivered: "已送达",
    inFlight: "传输中",
    failed: "被拒绝",
    nextTry: (seconds: string) => `${seconds} 后重试`,
    held: (count: string) => `有 ${count} 个删除在等待；用 sersync allow-deletions 放行`,
    comparing: (entries: string, bytes: string) => `正在全量比较：${entries} 项，${bytes}`,
    compared: (time: string) => `上次全量比较 ${time}`,
    deliveries: "最近送达",
    failures: "等待重试的路径",
    path: "路径",
    kind: "类型",
    size: "大小",
    took: "用时",
    reason: "原因",
    attempts: "次数",
  },
} as const;

export type Language = keyof typeof words;
export type Words = (typeof words)[Language];

const memory = "sersync-language";

/** What was chosen last, else the browser's language. */
export function chosenLanguage(): Language {
  const chosen = localStorage.getItem(memory) ?? navigator.language;
  return chosen.startsWith("zh") ? "zh" : "en";
}

export function chooseLanguage(language: Language): void {
  localStorage.setItem(memory, language);
}

export function wordsOf(language: Language): Words {
  return words[language];
}
