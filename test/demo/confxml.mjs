function escapeAttribute(text) {
  const entities = { "&": "&amp;", "<": "&lt;", '"': "&quot;" };
  return text.replaceAll(/[&<"]/g, (char) => entities[char]);
}

/**
 * A configuration such as sersync's users have: one directory, one module, a password.
 *
 * @param {{ source: string, port: number, module: string, user: string, passwordFile: string,
 *   failLog: string, pagePort?: number }} options `pagePort`: of the status page; default none
 */
export function formatConfxml(options) {
  const { source, port, module, user, passwordFile, failLog, pagePort = 0 } = options;
  return `<?xml version="1.0" encoding="UTF-8"?>
<head version="2.5">
    <host hostip="localhost" port="${pagePort}"></host>
    <debug start="false"/>
    <fileSystem xfs="false"/>
    <filter start="false"></filter>
    <inotify>
        <delete start="true"/>
        <createFolder start="true"/>
        <createFile start="false"/>
        <closeWrite start="true"/>
        <moveFrom start="true"/>
        <moveTo start="true"/>
        <attrib start="false"/>
        <modify start="false"/>
    </inotify>
    <sersync>
        <localpath watch="${escapeAttribute(source)}">
            <remote ip="127.0.0.1" name="${module}"/>
        </localpath>
        <rsync>
            <commonParams params="-az"/>
            <auth start="true" users="${user}" passwordfile="${escapeAttribute(passwordFile)}"/>
            <userDefinedPort start="true" port="${port}"/>
            <timeout start="false" time="100"/>
            <ssh start="false"/>
        </rsync>
        <failLog path="${escapeAttribute(failLog)}" timeToExecute="60"/>
        <crontab start="false" schedule="600">
            <crontabfilter start="false"></crontabfilter>
        </crontab>
        <plugin start="false" name="command"/>
    </sersync>
</head>
`;
}
