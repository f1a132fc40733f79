/** The languages help and refusals are written in. */
export type Language = "en" | "zh";

/** `--lang` goes before the locale; anything but Chinese is English. */
export function chooseLanguage(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const at = args.findIndex((word) => word === "--lang" || word.startsWith("--lang="));
  const asked = at < 0 ? undefined : (args[at]?.split("=")[1] ?? args[at + 1]);
  const { LC_ALL, LC_MESSAGES, LANG } = environment;
  const word = asked ?? (LC_ALL || LC_MESSAGES || LANG || "");
  return word.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** What stands behind the list of options in `--help`. */
export const examples: string = `
Examples:
  sersync -r -o confxml.xml      push everything once, then mirror live
  sersync -dro confxml.xml       the same as a daemon
  sersync -n3 -o a.xml -o b.xml  two configurations, at most three sessions at a time
  sersync check -o confxml.xml   say what would happen, and what is wrong
  sersync explain -o confxml.xml cache/x.tmp
                                 which rule decides for this path
  sersync watch /data rsync://backup@host/module --password-file /etc/rsync.pas
                                 mirror without a configuration file
  sersync watch /data --print    tell what changes, mirror nothing; also with -o confxml.xml
  sersync init /data rsync://host/module > confxml.xml

Exit codes: 0 all is well, 1 the command line or the configuration is wrong; others are rsync's.`;

const ruler = "_______________________________________________________";

/** The help in Chinese: sersync's own lines, and what is new. */
export const chineseHelp: string = `${ruler}
参数-d:启用守护进程模式
参数-r:在监控前，将监控目录与远程主机用rsync命令推送一遍
参数-n: 指定开启守护线程的数量，默认为10个
参数-o:指定配置文件，默认使用confxml.xml文件
参数-m:单独启用其他模块，使用 -m refreshCDN 开启刷新CDN模块
参数-m:单独启用其他模块，使用 -m socket 开启socket模块
参数-m:单独启用其他模块，使用 -m http 开启http模块
不加-m参数，则默认执行同步程序
${ruler}
新增功能:
  --watcher auto|inotify|chokidar|poll   选择监控方式，默认auto
  --poll-interval SECONDS                轮询间隔（没有事件的文件系统）
  --wait                                 监控目录不存在时等待，而不是报错
  --lang zh|en                           帮助信息的语言
  --version                              显示版本
  sersync check -o FILE [--json]         检查配置文件，说明将要执行的操作
  sersync explain -o FILE PATH           说明哪条过滤规则对该路径生效
  sersync init [SRC] [URL...]            生成带注释的confxml.xml
  sersync watch SRC URL...               不用配置文件直接同步
  sersync watch [SRC] [-o FILE] --print  只显示文件变化，不做同步
`;

/** A refused command line, as sersync said it in Chinese, with what was found. */
export function chineseRefusal(found: string): string {
  return `命令行参数错误: ${found}`;
}
