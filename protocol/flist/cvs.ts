import { cvsRule, type FilterRule, type FilterStep } from "./filter-rule.ts";

/** What CVS ignores unless it is told otherwise (rsync(1), `--cvs-exclude`). */
const usual =
  "RCS SCCS CVS CVS.adm RCSLOG cvslog.* tags TAGS .make.state .nse_depinfo *~ #* .#* ,* _$* *$ " +
  "*.old *.bak *.BAK *.orig *.rej .del-* *.a *.olb *.o *.obj *.so *.exe *.Z *.elc *.ln core " +
  ".svn/ .git/ .hg/ .bzr/";

/**
 * The rules that `-C` stands for; `!` forgets all before it.
 *
 * @param home the content of `~/.cvsignore`.
 * @param variable the value of CVSIGNORE.
 * @param rule the rule that is expanded: what it says of itself holds for all.
 */
export function cvsRules(
  home: string | undefined,
  variable: string | undefined,
  { sides, implied }: FilterRule,
): FilterStep[] {
  let rules = patterns(usual).map((pattern) => cvsRule(pattern, true));
  for (const pattern of patterns(`${home ?? ""} ${variable ?? ""}`)) {
    if (pattern === "!") rules = [];
    else rules.push(cvsRule(pattern, false));
  }
  return rules.map((each) => ({ ...each, sides, implied }));
}

function patterns(text: string): string[] {
  return text.split(/\s+/).filter((pattern) => pattern !== "");
}
