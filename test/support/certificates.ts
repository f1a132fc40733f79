import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { temporaryDirectory } from "./tree.ts";

/** A certificate authority, and a certificate of its for one host. All are PEM texts. */
export interface Certificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** The openssl program makes them; undefined where there is none. */
export function makeCertificates(name: string): Certificates | undefined {
  using directory = temporaryDirectory();
  const at = (file: string): string => path.join(directory.path, file);
  const openssl = (...argv: string[]): void =>
    void execFileSync("openssl", argv, { stdio: "ignore", cwd: directory.path });
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  try {
    openssl(
      "req",
      "-x509",
      ...curve,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-subj",
      "/CN=test CA",
    );
    openssl("req", ...curve, "-keyout", "key.pem", "-out", "csr.pem", "-subj", `/CN=${name}`);
    fs.writeFileSync(at("ext"), `subjectAltName=${/^[\d.]+$/.test(name) ? "IP" : "DNS"}:${name}\n`);
    openssl(
      "x509",
      "-req",
      "-in",
      "csr.pem",
      "-CA",
      "ca.pem",
      "-CAkey",
      "ca.key",
      "-extfile",
      "ext",
      "-out",
      "cert.pem",
    );
  } catch {
    return undefined;
  }
  const read = (file: string): string => fs.readFileSync(at(file), "utf8");
  return { ca: read("ca.pem"), cert: read("cert.pem"), key: read("key.pem") };
}
