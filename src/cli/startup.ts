import { fullPushCommand } from "../config/equivalent.ts";
import type { Config } from "../config/schema.ts";
import { display } from "../display.ts";
import type { MirrorCommand } from "./command.ts";

const ruler = "------------------------------------------";

/**
 * What sersync printed at its start, in its order and words, for scripts that look for it.
 *
 * Left out on purpose: the two lines about writing kernel limits, which we do not do.
 */
export function startupLines(config: Config, command: MirrorCommand): readonly string[] {
  const { sessions } = command;
  const remotes = config.sources.reduce((sum, source) => sum + source.remotes.length, 0);
  const pool = sessions + 2;
  return [
    ...optionLines(config, command),
    "parse xml config file",
    `host ip : ${display(config.host.ip)}\thost port: ${config.host.port}`,
    ...settingLines(config),
    ...(command.daemon ? ["daemon start，sersync run behind the console "] : []),
    ...authLines(config),
    ...crontabLines(config),
    ...pluginLines(config),
    "config xml parse success",
    "please set /etc/rsyncd.conf max connections=0 Manually",
    `sersync working thread ${pool}  = 1(primary thread) + 1(fail retry thread) + ${sessions}(daemon sub threads) `,
    `Max threads numbers is: ${pool + sessions * remotes} = ${pool}(Thread pool nums) + ${sessions * remotes}(Sub threads)`,
    "please according your cpu ，use -n param to adjust the cpu rate",
    ...(command.fullPush ? fullPushLines(config) : []),
    "run the sersync: ",
    ...config.sources.map(({ watch }) => `watch path is: ${display(watch)}`),
  ];
}

function optionLines(config: Config, command: MirrorCommand): readonly string[] {
  const lines: Readonly<Record<string, string>> = {
    d: "option: -d \trun as a daemon",
    r: "option: -r \trsync all the local files to the remote servers before the sersync work",
    n: `option: -n \tthread num is：  ${command.sessions}`,
    o: `option: -o \tconfig xml name：  ${config.file}`,
    m: `option: -m \tworking plugin name: ${command.plugin ?? ""}`,
  };
  const given = [...new Set(command.given)].flatMap((letter) => lines[letter] ?? []);
  const sessions = command.given.includes("n") ? [] : [`daemon thread num: ${command.sessions}`];
  return ["parse the command param", ...given, ...sessions];
}

function settingLines({ events, debug, filter, crontab }: Config): readonly string[] {
  return [
    // sersync printed the second line when createFile was on, which is not what it says.
    ...(events.delete ? [] : ["will ignore the inotify delete event"]),
    ...(events.createFile ? [] : ["will ignore the inotify createFile event "]),
    ...(debug ? ["Open debug, you will see debug infomation "] : []),
    ...(filter.expressions.length > 0 && crontab === undefined
      ? ["now the filter work ,if you set the crontab,you have to set crontab filter "]
      : []),
  ];
}

function authLines({ auth }: Config): readonly string[] {
  if (auth === undefined) return [];
  const file = auth.passwordFile === undefined ? "" : display(auth.passwordFile);
  return [
    "use rsync password-file :",
    `user is\t${display(auth.user)}`,
    `passwordfile is \t${file}`,
  ];
}

function crontabLines({ crontab }: Config): readonly string[] {
  if (crontab === undefined) return [];
  const { everyMinutes, excludes } = crontab;
  return [
    `Start the crontab \tEvery ${everyMinutes} minutes rsync all the files to the remote servers entirely`,
    ...(excludes.length === 0 ? [] : ["开启crontab过滤功能:", ...excludes.map(display)]),
  ];
}

function pluginLines({ plugin, pluginAlone, plugins, sources }: Config): readonly string[] {
  const { socket } = plugins;
  return [
    ...(plugin === undefined || pluginAlone !== undefined
      ? []
      : [`after each synchronize run the plugin \tplugin name is: ${plugin}`]),
    ...(socket === undefined
      ? []
      : [
          `监控路径: ${display(socket.watch || (sources[0]?.watch ?? ""))}  ip:  ${display(socket.host)} 端口号: ${socket.port}`,
        ]),
  ];
}

function fullPushLines(config: Config): readonly string[] {
  return [
    ruler,
    "rsync the directory recursivly to the remote servers once",
    "working please wait...",
    ...config.sources.flatMap((source) =>
      source.remotes.map((remote) => `execute command: ${fullPushCommand(config, source, remote)}`),
    ),
  ];
}
