import { expect, test } from "vitest";
import { RefusedOptions } from "../../../../protocol/daemon/access/options.ts";
import { parseClientOptions } from "../../../../protocol/daemon/option-reader.ts";

const archived = "-logDtpre.iLsfxCIvu";

// What rsync 3.5.0 says to the same list and the same words.
test.each([
  ["", archived, undefined],
  ["", "--write-devices", "--write-devices"],
  ["!write-devices", "--write-devices", undefined],
  ["!log-file", "--log-file=x", "--log-file"],
  ["delete c", `${archived} --delete`, "--delete"],
  ["delete c", `${archived} --delete-after`, "--delete"],
  ["delete c", `${archived} --delete-excluded`, "--delete"],
  ["delete", `--sender ${archived} --remove-source-files`, "--delete"],
  ["delete", `${archived} --remove-source-files`, undefined],
  ["delete c", "-logDtprce.iLsfxCIvu", "--checksum (-c)"],
  ["Delete C", "-rce.iLsfxCIvu", undefined],
  ["Delete C", "-rCe.iLsfxCIvu", "--cvs-exclude (-C)"],
  ["* !a !v", "-vlogDtpre.iLsfxCIvu", undefined],
  ["* !a !v", "-logDtprze.iLsfxCIvu", "--compress (-z)"],
  ["* !a !v", "-logDtpre.iLsfxCIvu --timeout=5", "--timeout"],
  ["* !a !v", "-nlogDtpre.iLsfxCIvu", undefined],
  ["* !a !v", "-vlogDtpre.iLsfxCIvu --log-format=%i", undefined],
  ["* !a !v", "-logDtpre.iLsfxCIvu --iconv=utf8", undefined],
  ["no-iconv", "-re.iLsfxCIvu --no-iconv", "--no-iconv"],
  ["!delete *", "-le.iLsfxCIvu", "--links (-l)"],
  ["a", "-re.iLsfxCIvu", "--recursive (-r)"],
  ["a", "-de.iLsfxCIvu", "--dirs (-d)"],
  ["archive", "-pe.iLsfxCIvu", "--perms (-p)"],
  ["delete-*", "-re.iLsfxCIvu --delete", "--delete-before"],
  ["delete-*", "-re.iLsfxCIvu --delete-after", "--delete-after"],
  ["delete-*", "-re.iLsfxCIvu --remove-source-files", undefined],
  ["delete-during", "-re.iLsfxCIvu --delete", undefined],
  ["* !a !delete !delete-during", "-re.iLsfxCIvu --delete", undefined],
  ["devices", archived, undefined],
  ["D", archived, "-D"],
  ["s*", "-rse.iLsfxCIvu", undefined],
  ["s*", "-rSe.iLsfxCIvu", "--sparse (-S)"],
  ["partial*", "-re.iLsfxCIvu --partial-dir x", "--partial-dir"],
  ["compress", "-re.iLsfxCIvu --new-compress", "--compress (-z)"],
  ["compress-level", "-re.iLsfxCIvu --compress-level=3", "--compress-level"],
  ["compress", "-re.iLsfxCIvu --compress-level=3", "--compress (-z)"],
  ["inplace", "-re.iLsfxCIvu --append", "--inplace"],
  ["block-size", "-rB4000", "--block-size (-B)"],
  ["L", "-re.iLsfxCIvu", undefined],
  ["delete", "-re.iLsfxCIvu --del", "--delete"],
  ["del", "-re.iLsfxCIvu --delete-during", "--delete-during"],
  ["delete", "-re.iLsfxCIvu --delete-missing-args", "--delete"],
  ["delete", "-re.iLsfxCIvu --suffix . --delete", "--delete"],
  ["z", "-re.iLsfxCIvu --zc=zlib", "--compress (-z)"],
] as const)("with %j the words %j are refused for %j", (terms, words, wanted) => {
  const refused = new RefusedOptions(terms.split(" ").filter((term) => term !== ""));
  const { used, unknown, isPull } = parseClientOptions(words.split(" "));
  const names = unknown.map((word) => word.replace(/^-+/, ""));
  expect(refused.refusal([...used, ...names], { isPull })).toBe(wanted);
});
