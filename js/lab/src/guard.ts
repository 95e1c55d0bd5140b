/** Whatever goes wrong in here is told in the console, and JupyterLab goes on without it. */
export function guarded<T>(what: string, work: () => T): T | undefined {
  try {
    const result = work();
    if (result instanceof Promise) result.catch((error: unknown) => complain(what, error));
    return result;
  } catch (error) {
    complain(what, error);
    return undefined;
  }
}

export function complain(what: string, error: unknown): void {
  console.error(`[hermes-hud] ${what} failed`, error);
}
