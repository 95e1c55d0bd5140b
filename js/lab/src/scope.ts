// JupyterLab's packages out of what webpack's module federation shares between the page and its extensions.
import { complain } from "./guard.ts";
import type { Packages } from "./lab.ts";

/** By package, then version. */
export type ShareScope = Record<string, Record<string, Shared>>;

interface Shared {
  get(): Promise<() => unknown>;
  loaded?: unknown;
}

const NAMES: (keyof Packages)[] = [
  "@lumino/widgets",
  "@jupyterlab/application",
  "@jupyterlab/apputils",
  "@jupyterlab/launcher",
  "@jupyterlab/notebook",
  "@jupyterlab/settingregistry",
  "@jupyterlab/ui-components",
];
/** JupyterLab waits with its start for all extensions. */
const LIMIT_MS = 5_000;

export async function packagesOf(scope: ShareScope): Promise<Packages> {
  const found = await Promise.all(NAMES.map(async (name) => [name, await load(scope, name)] as const));
  return Object.fromEntries(found.filter(([, module]) => module !== undefined));
}

async function load(scope: ShareScope, name: string): Promise<unknown> {
  const shared = choose(scope[name] ?? {});
  if (!shared) return undefined;
  try {
    const factory = await Promise.race([shared.get(), late(name)]);
    return factory();
  } catch (error) {
    complain(`loading ${name}`, error);
    return undefined;
  }
}

/** A token is only good if it is the page's own: the version in use, else the one that webpack would choose. */
function choose(versions: Record<string, Shared>): Shared | undefined {
  const newestFirst = Object.keys(versions).sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  const used = newestFirst.find((version) => versions[version]?.loaded);
  return versions[used ?? newestFirst[0] ?? ""];
}

function late(name: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${name} did not come within ${LIMIT_MS} ms`)), LIMIT_MS);
  });
}
