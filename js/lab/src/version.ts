// What is to be done where the page and whoever it shows data of are of two versions.
import { element, reload } from "./elements.ts";
import { t } from "./texts.ts";

/** The package's, as it was when this was built. */
declare const VERSION: string;

/**
 * Says which of the two is old, and how it is renewed; nothing if they are the same.
 *
 * @param whose The side panel's own server, or the kernel of a notebook.
 */
export function versionWords(whose: "server" | "kernel", version: string): Node[] {
  if (version === VERSION) return [];
  const isOld = isOlder(version, VERSION);
  const words = t(`${isOld ? "old" : "new"}-${whose}`, { own: VERSION, other: version || "?" });
  return [element("p", "", words), ...(isOld ? [] : [reload()])];
}

/** Of a version's stages in their order; a version without one is final. */
const STAGES = [".dev", "a", "b", "rc", "", ".post"];

/** Whether `other` is older than `own`; what says no version is from before there were any. */
export function isOlder(other: string, own: string): boolean {
  const [theirs, ours] = [partsOf(other), partsOf(own)];
  for (let index = 0; index < Math.max(theirs.length, ours.length); index++) {
    const difference = (theirs[index] ?? 0) - (ours[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Three numbers of the release, then stage and its number: what this package's versions are made of. */
function partsOf(version: string): number[] {
  const [, release = "", stage = "", number = "0"] = /^(\d+(?:\.\d+)*)(\.dev|a|b|rc|\.post)?(\d+)?/.exec(version) ?? [];
  const [major = 0, minor = 0, patch = 0] = release.split(".").map(Number);
  return [major, minor, patch, STAGES.indexOf(stage), Number(number)];
}
