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
  sersync diff -o confxml.xml    say what -r would send and delete; nothing is changed
  sersync explain -o confxml.xml cache/x.tmp
                                 which rule decides for this path
  sersync watch /data rsync://backup@host/module --password-file /etc/rsync.pas
                                 mirror without a configuration file
  sersync watch /data --print    tell what changes, mirror nothing; also with -o confxml.xml
  sersync init /data rsync://host/module > confxml.xml

A running program:
  sersync status|stop|reload|resync [PATH] -o confxml.xml
  sersync pause|resume|retry|allow-deletions [TARGET] -o confxml.xml
  sersync health                 ask its status page whether all is well, in a container
  Signals: HUP reads the configuration again and opens the log file anew, USR1 compares everything
  with the targets, TERM and INT end it when what is under way is through (10 s at most), a second
  one at once.

Exit codes: 0 all is well, or it has ended as it was told; 1 the command line or the configuration
is wrong, or another process mirrors it already; 20 it was told twice to end; others are rsync's.
Of status, stop and so on: 0 done, and healthy; 1 refused; 2 it runs, and is in trouble (status
only); 3 it does not run; 4 it cannot be asked.`;

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
  --state-dir DIR                        保存待传送记录的目录，重启后继续
  --pending-limit PATHS                  每个目标待传送路径超过该数量时合并为目录，默认200000
  --delete-guard PERCENT                 一次比较要删除超过该比例的文件时先暂停，默认50
  --ready-share PERCENT                  可连接的远程达到该比例时/readyz才报告就绪，默认100
  --lang zh|en                           帮助信息的语言
  --version                              显示版本
  sersync check -o FILE [--json]         检查配置文件，说明将要执行的操作
  sersync diff -o FILE [--json]          比较源与目标，列出-r将推送和删除的内容，不做任何修改
  sersync explain -o FILE PATH           说明哪条过滤规则对该路径生效
  sersync init [SRC] [URL...]            生成带注释的confxml.xml
  sersync watch SRC URL...               不用配置文件直接同步
  sersync watch [SRC] [-o FILE] --print  只显示文件变化，不做同步
  sersync push [rsync选项] SRC... DEST   像rsync一样推送一次
  sersync pull [rsync选项] SRC DEST      像rsync一样从rsync服务拉取一次
  sersync list URL                       列出rsync服务的模块，或模块中的文件
  sersync serve --module 名称=目录[,rw]  作为rsync服务提供目录，或用--config读取rsyncd.conf
  --log-file FILE                        日志写入文件，收到HUP信号时重新打开
  --pid-file FILE                        运行期间保存进程号
  sersync status -o FILE [--watch]       显示正在运行的程序的状态
  sersync stop -o FILE                   停止程序，正在传输的文件会先完成
  sersync reload -o FILE                 重新读取配置文件（同HUP信号），有错误则继续使用旧配置
  sersync resync [PATH] -o FILE          与远程重新比较全部或指定路径（同USR1信号）
  sersync allow-deletions -o FILE        允许执行被暂停的删除操作
  sersync pause [TARGET] -o FILE         暂停传送，继续监控并记录改动，正在传输的会先完成
  sersync resume [TARGET] -o FILE        暂停后继续传送
  sersync retry [TARGET] -o FILE         立即重试正在等待重试的目标和路径
  --token-file FILE                      凭该文件中的令牌可在状态页上执行操作
  sersync health [--page HOST:PORT]      询问状态页是否就绪，供容器健康检查使用
退出码: 0 正常；1 命令行或配置有误，或同一配置已在运行；20 两次要求停止；其余同rsync
  status等: 0 正常；1 被拒绝；2 运行中但有故障；3 未运行；4 无法联系（无权限或无应答）
`;

/** `sersync serve --help` in Chinese. */
export const chineseServeHelp: string = `用法: sersync serve [--module 名称=目录...] [--config rsyncd.conf]

作为rsync服务（rsync --daemon）提供目录，任何rsync客户端都可以连接。

  --module 名称=目录       提供该目录，可重复；目录后用逗号可加: rw（可写）、wo（只写）、
                           hidden（不列出）、auth=用户（可重复）、comment=说明
  --config FILE            读取rsyncd.conf
  --address ADDRESS        监听地址，默认127.0.0.1；用--config时为所有地址
  --port NUMBER            端口，默认8730；用--config时为873，TLS为874
  --password-file FILE     只含密码的文件，用于所有auth=用户
  --secrets-file FILE      每行一个“用户:密码”
  --motd-file FILE         连接时显示的文字
  --tls-cert FILE          使用TLS（rsyncs://）：证书，PEM
  --tls-key FILE           证书的密钥，PEM
  --tls-ca FILE            只接受持有该机构所签证书的客户端
  --max-connections N      连接总数上限，默认500
  --max-per-address N      每个地址的连接数上限，默认为总数的一半
  --timeout SECONDS        无数据时断开（模块未设置时）
  --grace SECONDS          停止时等待正在进行的传输，默认10秒
  --log-file FILE          日志文件，默认标准输出
  --pid-file FILE          运行期间保存进程号
  -d, --daemon             在后台运行
  --check                  只说明将要提供的内容并检查错误

例子:
  sersync serve --module backup=/srv/backup,rw
                           只供本机使用: rsync -a 目录/ rsync://127.0.0.1:8730/backup/
  sersync serve --module b=/srv/b,rw,auth=joe --password-file /etc/rsync.pas --address 0.0.0.0
  sersync serve --config /etc/rsyncd.conf

HUP信号: 重新读取配置和证书（有错误则继续使用旧配置）并重新打开日志；TERM和INT: 等传输结束后停止，第二次立即停止。
退出码: 0 正常；1 选项或配置有误；10 无法监听端口；20 两次要求停止。
`;

/** A refused command line, as sersync said it in Chinese, with what was found. */
export function chineseRefusal(found: string): string {
  return `命令行参数错误: ${found}`;
}
